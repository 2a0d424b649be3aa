/** Records of training runs, and the page that is made of them. */
export { type Bar, bars } from './bars.js';
export { percent, short } from './html.js';
export { figureRow, heading, page, section, table } from './page.js';
export { cardStyle, overlaySwitch, type PictureCard, pictureCards } from './picture_cards.js';
export { reportHtml } from './report.js';
export type {
  EndLine,
  EvaluationLine,
  Mistake,
  RunLine,
  RunRecord,
  RunRecordLine,
  SkippedLine,
  StepLine,
} from './run_record.js';
export { runRecordName } from './run_record.js';
export { RunRecorder, readRunRecord } from './run_recorder.js';
