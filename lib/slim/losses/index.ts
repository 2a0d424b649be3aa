/** Slim's losses: `slim.losses`. Predictions come first; each loss adds itself to the collection `losses`. */
export {
  type AddLossOptions,
  addLoss,
  getLosses,
  getRegularizationLosses,
  getTotalLoss,
} from './collection.js';
export {
  type CrossEntropyOptions,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  sparseSoftmaxCrossEntropy,
} from './cross_entropy.js';
export {
  absoluteDifference,
  type CosineDistanceOptions,
  cosineDistance,
  hingeLoss,
  type LogLossOptions,
  logLoss,
  meanPairwiseSquaredError,
  meanSquaredError,
  type PairwiseOptions,
} from './regression.js';
export { computeWeightedLoss, type LossOptions, type Reduction, type Weights } from './weighting.js';
