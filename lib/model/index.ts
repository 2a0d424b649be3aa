/** Models: a network with its weights, preprocessing and labels as one object. */
export type { Outcome } from './batches.js';
export { type LabelSource, loadLabels } from './labels.js';
export { type LoadModelOptions, loadModel } from './load_model.js';
export { type ClassifyOptions, Model, type PredictOptions, type StreamOptions } from './model.js';
export type { ModelOutput } from './network_graph.js';
export type { Prediction } from './predictions.js';
export { kerasNames, pytorchNames, type WeightLayout } from './weight_layouts.js';
