/** Models: a network with its weights, preprocessing and labels as one object. */

export type { PreprocessedImage } from '../data/preprocessed.js';
export type { BatcherStats } from './batcher/batcher_types.js';
export type { BatchingOptions } from './batching.js';
export { type LabelSource, loadLabels } from './labels/load_labels.js';
export { type LoadModelOptions, loadModel } from './load_model.js';
export { Model } from './model.js';
export type {
  AbortOptions,
  ClassifyOptions,
  InferOptions,
  ModelInput,
  ModelStats,
  Outcome,
  OutputRows,
  PredictOptions,
  StepTime,
  StreamOptions,
  WarmupModelOptions,
} from './model_types.js';
export type { ModelOutput } from './network_graph.js';
export type { BuiltNetwork, OwnNetwork } from './own_network.js';
export type { Prediction } from './predictions.js';
export type { WeightLayout } from './weights/libraries.js';
export { kerasNames, pytorchNames } from './weights/naming.js';
export { type PublishedWeightsChoice, publishedCheckpoint } from './weights/published_choice.js';
export type { WeightsReport } from './weights/weights_report.js';
