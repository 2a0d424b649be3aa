/** Slim's slim.learning: what trains a network. */
export {
  type CreateTrainOpOptions,
  clipGradientNorms,
  createTrainOp,
  type FeedSource,
  type GradientAndVariable,
  type GradientMultipliers,
  multiplyGradients,
  type StepFeeds,
  type StepReport,
  type SummaryOp,
  type TrainOptions,
  type TrainStepFn,
  type TrainStepOptions,
  type TrainStepResult,
  train,
  trainStep,
} from '../../train/index.js';
