import type * as ops from '../../lib/ops/index.js';
import { absCases } from './abs.cases.js';
import { addCases } from './add.cases.js';
import { argmaxCases } from './argmax.cases.js';
import { assignAddCases } from './assign_add.cases.js';
import { assignDebiasedMovingAverageCases } from './assign_debiased_moving_average.cases.js';
import { assignMovingAverageCases } from './assign_moving_average.cases.js';
import { avgPool2dCases } from './avg_pool2d.cases.js';
import { avgPool2dBackwardCases } from './avg_pool2d_backward.cases.js';
import { batchNormCases } from './batch_norm.cases.js';
import { batchNormTrainingCases } from './batch_norm_training.cases.js';
import { batchNormTrainingBackwardCases } from './batch_norm_training_backward.cases.js';
import { biasAddCases } from './bias_add.cases.js';
import { broadcastToCases } from './broadcast_to.cases.js';
import type { OpCases } from './cases.js';
import { castCases } from './cast.cases.js';
import { confusionMatrixCases } from './confusion_matrix.cases.js';
import { constantCases } from './constant.cases.js';
import { conv2dCases } from './conv2d.cases.js';
import { conv2dBackwardDataCases } from './conv2d_backward_data.cases.js';
import { conv2dBackwardFilterCases } from './conv2d_backward_filter.cases.js';
import { cropCases } from './crop.cases.js';
import { divCases } from './div.cases.js';
import { divNoNanCases } from './div_no_nan.cases.js';
import { dropoutCases } from './dropout.cases.js';
import { eluCases } from './elu.cases.js';
import { equalCases } from './equal.cases.js';
import { expCases } from './exp.cases.js';
import { inTopKCases } from './in_top_k.cases.js';
import { inputCases } from './input.cases.js';
import { l2LossCases } from './l2_loss.cases.js';
import { logCases } from './log.cases.js';
import { logSoftmaxCases } from './log_softmax.cases.js';
import { log1pCases } from './log1p.cases.js';
import { matmulCases } from './matmul.cases.js';
import { maxPool2dCases } from './max_pool2d.cases.js';
import { maxPool2dBackwardCases } from './max_pool2d_backward.cases.js';
import { microbatchConcatCases } from './microbatch_concat.cases.js';
import { microbatchSliceCases } from './microbatch_slice.cases.js';
import { mulCases } from './mul.cases.js';
import { notEqualCases } from './not_equal.cases.js';
import { oneHotCases } from './one_hot.cases.js';
import { padCases } from './pad.cases.js';
import { pickCases } from './pick.cases.js';
import { reduceMeanCases } from './reduce_mean.cases.js';
import { reduceSumCases } from './reduce_sum.cases.js';
import { reluCases } from './relu.cases.js';
import { reluBackwardCases } from './relu_backward.cases.js';
import { relu6Cases } from './relu6.cases.js';
import { reorderCases } from './reorder.cases.js';
import { reshapeCases } from './reshape.cases.js';
import { rsqrtCases } from './rsqrt.cases.js';
import { scaleGradientCases } from './scale_gradient.cases.js';
import { selectCases } from './select.cases.js';
import { sigmoidCases } from './sigmoid.cases.js';
import { sizeCases } from './size.cases.js';
import { softmaxCases } from './softmax.cases.js';
import { squeezeCases } from './squeeze.cases.js';
import { subCases } from './sub.cases.js';
import { sumToCases } from './sum_to.cases.js';
import { topKCases } from './top_k.cases.js';
import { transposeCases } from './transpose.cases.js';
import { variableCases } from './variable.cases.js';

export const allCases = {
  abs: absCases,
  add: addCases,
  argmax: argmaxCases,
  assignAdd: assignAddCases,
  assignDebiasedMovingAverage: assignDebiasedMovingAverageCases,
  assignMovingAverage: assignMovingAverageCases,
  avgPool2d: avgPool2dCases,
  avgPool2dBackward: avgPool2dBackwardCases,
  batchNorm: batchNormCases,
  batchNormTraining: batchNormTrainingCases,
  batchNormTrainingBackward: batchNormTrainingBackwardCases,
  biasAdd: biasAddCases,
  broadcastTo: broadcastToCases,
  cast: castCases,
  confusionMatrix: confusionMatrixCases,
  constant: constantCases,
  conv2d: conv2dCases,
  conv2dBackwardData: conv2dBackwardDataCases,
  conv2dBackwardFilter: conv2dBackwardFilterCases,
  crop: cropCases,
  div: divCases,
  divNoNan: divNoNanCases,
  dropout: dropoutCases,
  elu: eluCases,
  equal: equalCases,
  exp: expCases,
  input: inputCases,
  inTopK: inTopKCases,
  l2Loss: l2LossCases,
  log: logCases,
  log1p: log1pCases,
  logSoftmax: logSoftmaxCases,
  matmul: matmulCases,
  maxPool2d: maxPool2dCases,
  maxPool2dBackward: maxPool2dBackwardCases,
  microbatchConcat: microbatchConcatCases,
  microbatchSlice: microbatchSliceCases,
  mul: mulCases,
  notEqual: notEqualCases,
  oneHot: oneHotCases,
  pad: padCases,
  pick: pickCases,
  reduceMean: reduceMeanCases,
  reduceSum: reduceSumCases,
  relu: reluCases,
  relu6: relu6Cases,
  reluBackward: reluBackwardCases,
  reorder: reorderCases,
  reshape: reshapeCases,
  rsqrt: rsqrtCases,
  scaleGradient: scaleGradientCases,
  select: selectCases,
  sigmoid: sigmoidCases,
  size: sizeCases,
  softmax: softmaxCases,
  squeeze: squeezeCases,
  sub: subCases,
  sumTo: sumToCases,
  topK: topKCases,
  transpose: transposeCases,
  variable: variableCases,
} satisfies Record<keyof typeof ops, OpCases>;
