/**
 * slimnet: residual networks in Node.js. Graphs are built as TF-Slim builds them, and run by a `Session`; a `Model` is a network
 * with weights, preprocessing and labels.
 */
export { type GradientsOptions, gradients, stopGradient } from './autodiff/index.js';
export * as checkpoint from './checkpoint/index.js';
export type { DType, TypedArray } from './core/dtype.js';
export { Graph, type GraphOptions, type InitialValue, Node, Tensor, type Variable } from './core/graph.js';
export type { ConcreteShape, Shape, TensorType } from './core/shape.js';
export {
  type Augmentation,
  type AugmentationPolicy,
  augmentations,
  type Batch,
  BatchLoader,
  type BatchOptions,
  classWeights,
  type DataPosition,
  type DataSet,
  type DecodeOptions,
  type DrawContext,
  decodeImage,
  drawAugmentation,
  ImageCache,
  type ImageCacheOptions,
  type ImageCacheStats,
  type ImageFolderOptions,
  type ImageListOptions,
  type ImageSource,
  type Interpolation,
  imageFolder,
  imageList,
  type Picture,
  type PlainAugmentationOptions,
  type PreprocessImageOptions,
  type PreprocessingName,
  type PreprocessingOptions,
  type PreprocessingSpec,
  pictureOf,
  preprocessImage,
  preprocessingFor,
  type RawImage,
  type RelativeBox,
  type Sample,
  type ShapeDataSetOptions,
  type ShapeImage,
  type ShapeImageOptions,
  type SkippedImage,
  type SlimAugmentationOptions,
  type SplitOptions,
  shapeClasses,
  shapeDataSet,
  shapeImage,
  splitDataSet,
  subset,
  type TfRecordsOptions,
  tfRecords,
  thumbnail,
} from './data/index.js';
export * from './errors.js';
export { exportOnnx, type OnnxRequest, type WriteOnnxOptions, type WriteOnnxResult, writeOnnx } from './export/onnx.js';
export {
  type AbortOptions,
  type BatcherStats,
  type BatchingOptions,
  type BuiltNetwork,
  type ClassifyOptions,
  kerasNames,
  type LabelSource,
  type LoadModelOptions,
  loadLabels,
  loadModel,
  Model,
  type ModelOutput,
  type ModelStats,
  type Outcome,
  type OwnNetwork,
  type Prediction,
  type PredictOptions,
  pytorchNames,
  type StreamOptions,
  type WarmupModelOptions,
  type WeightLayout,
  type WeightsReport,
} from './model/index.js';
export {
  type EndLine,
  type EvaluationLine,
  type Mistake,
  type RunLine,
  type RunRecord,
  RunRecorder,
  type RunRecordLine,
  readRunRecord,
  reportHtml,
  type SkippedLine,
  type StepLine,
} from './report/index.js';
export * from './runtime/index.js';
export * as nets from './slim/nets/index.js';
export { constant, placeholder } from './slim/placeholder.js';
export * as slim from './slim_namespace.js';
export { type EncodedImage, SummaryWriter, type SummaryWriterOptions } from './summaries/index.js';
export {
  ExponentialMovingAverage,
  type LearningRate,
  type MovingAverageOptions,
  type Optimizer,
  optimizers,
  type Schedule,
  schedules,
} from './train/index.js';
export {
  type BestResult,
  type ClassReport,
  type EarlyStopping,
  type EpochReport,
  type EvaluateOptions,
  type EvaluationReport,
  type Monitor,
  type RunIdentity,
  type RunMachine,
  type SummaryOptions,
  TrainedModel,
  type TrainedModelOptions,
  Trainer,
  type TrainerOptions,
  type TrainerResult,
  type TrainerRunOptions,
  type TrainerStep,
  type TrainingForecast,
  type TrainingLength,
} from './trainer/index.js';
