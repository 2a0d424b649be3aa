/** Slim's metrics: `slim.metrics`. The streaming ones count over many batches. */
export { aggregateMetricMap, aggregateMetrics } from './aggregate.js';
export {
  type AccuracyOptions,
  accuracy,
  type ConfusionMatrixOptions,
  confusionMatrix,
  inTopK,
} from './classification.js';
export {
  type StreamingMetric,
  type StreamingOptions,
  streamingAccuracy,
  streamingMean,
  streamingMeanAbsoluteError,
  streamingMeanIou,
  streamingMeanSquaredError,
  streamingRecallAtK,
} from './streaming.js';
