/** Models: a network with its weights, preprocessing and labels as one object. */
export type { BatchingOptions } from './batching.js';
export type { BatcherStats } from './dynamic_batcher.js';
export { type LabelSource, loadLabels } from './labels.js';
export { type LoadModelOptions, loadModel } from './load_model.js';
export {
  type AbortOptions,
  type ClassifyOptions,
  Model,
  type ModelStats,
  type Outcome,
  type PredictOptions,
  type StreamOptions,
  type WarmupModelOptions,
} from './model.js';
export type { ModelOutput } from './network_graph.js';
export type { Prediction } from './predictions.js';
export { kerasNames, pytorchNames, type WeightLayout } from './weight_layouts.js';
