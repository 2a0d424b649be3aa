/** Summaries for TensorBoard. */
export type { EncodedImage } from './messages.js';
export { SummaryWriter, type SummaryWriterOptions } from './summary_writer.js';
