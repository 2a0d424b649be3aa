/** Training: optimizers, schedules, averages, and Slim's functions of learning. */
export type { GradientAndVariable } from './apply_gradients.js';
export { BackgroundSaves } from './background_saves.js';
export type { FeedSource } from './feed_source.js';
export { FolderLock } from './folder_lock.js';
export { clipGradientNorms, type GradientMultipliers, multiplyGradients } from './gradient_processing.js';
export { ExponentialMovingAverage, type MovingAverageOptions } from './moving_average.js';
export type { LearningRate, Optimizer } from './optimizers/index.js';
export * as optimizers from './optimizers/index.js';
export type { Schedule } from './schedules/index.js';
export * as schedules from './schedules/index.js';
export type { SummaryOp } from './step_summaries.js';
export { type StepReport, type TrainOptions, type TrainStepFn, train } from './train.js';
export { type CreateTrainOpOptions, createTrainOp, type TrainOpInfo, trainOpInfo } from './train_op.js';
export { type StepFeeds, stepOf, type TrainStepOptions, type TrainStepResult, trainStep } from './train_step.js';
