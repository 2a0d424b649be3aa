/** Training as people write it today. */
export { evaluateModel } from './evaluation.js';
export type {
  EarlyStopping,
  Monitor,
  SummaryOptions,
  TrainerOptions,
  TrainingLength,
} from './options.js';
export type {
  BestResult,
  ClassReport,
  EpochReport,
  EvaluationReport,
  TrainerResult,
  TrainerStep,
  TrainingForecast,
} from './reports.js';
export { type RunIdentity, type RunMachine, type RunState, readTraining } from './run_state.js';
export { TrainedModel, type TrainedModelOptions } from './trained_model.js';
export { type EvaluateOptions, Trainer, type TrainerRunOptions } from './trainer.js';
