import type * as ops from '../../lib/ops/index.js';
import { absCases } from './abs.cases.js';
import { addCases } from './add.cases.js';
import { applyAdadeltaCases } from './apply_adadelta.cases.js';
import { applyAdagradCases } from './apply_adagrad.cases.js';
import { applyAdamCases } from './apply_adam.cases.js';
import { applyAdamWCases } from './apply_adam_w.cases.js';
import { applyCenteredRmsPropCases } from './apply_centered_rms_prop.cases.js';
import { applyFtrlCases } from './apply_ftrl.cases.js';
import { applyGradientDescentCases } from './apply_gradient_descent.cases.js';
import { applyLarsCases } from './apply_lars.cases.js';
import { applyMomentumCases } from './apply_momentum.cases.js';
import { applyRmsPropCases } from './apply_rms_prop.cases.js';
import { argmaxCases } from './argmax.cases.js';
import { assignCases } from './assign.cases.js';
import { assignAddCases } from './assign_add.cases.js';
import { assignDebiasedMovingAverageCases } from './assign_debiased_moving_average.cases.js';
import { assignMovingAverageCases } from './assign_moving_average.cases.js';
import { avgPool2dCases } from './avg_pool2d.cases.js';
import { avgPool2dBackwardCases } from './avg_pool2d_backward.cases.js';
import { batchNormCases } from './batch_norm.cases.js';
import { batchNormTrainingCases } from './batch_norm_training.cases.js';
import { batchNormTrainingBackwardCases } from './batch_norm_training_backward.cases.js';
import { batchNormTrainingReluBackwardCases } from './batch_norm_training_relu_backward.cases.js';
import { biasAddCases } from './bias_add.cases.js';
import { broadcastToCases } from './broadcast_to.cases.js';
import type { OpCases } from './cases.js';
import { castCases } from './cast.cases.js';
import { checkNumericsCases } from './check_numerics.cases.js';
import { confusionMatrixCases } from './confusion_matrix.cases.js';
import { constantCases } from './constant.cases.js';
import { conv2dCases } from './conv2d.cases.js';
import { conv2dBackwardDataCases } from './conv2d_backward_data.cases.js';
import { conv2dBackwardFilterCases } from './conv2d_backward_filter.cases.js';
import { cosCases } from './cos.cases.js';
import { cropCases } from './crop.cases.js';
import { divCases } from './div.cases.js';
import { divNoNanCases } from './div_no_nan.cases.js';
import { dropoutCases } from './dropout.cases.js';
import { eluCases } from './elu.cases.js';
import { equalCases } from './equal.cases.js';
import { expCases } from './exp.cases.js';
import { floorCases } from './floor.cases.js';
import { inTopKCases } from './in_top_k.cases.js';
import { inputCases } from './input.cases.js';
import { l2LossCases } from './l2_loss.cases.js';
import { lessCases } from './less.cases.js';
import { logCases } from './log.cases.js';
import { logSoftmaxCases } from './log_softmax.cases.js';
import { log1pCases } from './log1p.cases.js';
import { matmulCases } from './matmul.cases.js';
import { maxPool2dCases } from './max_pool2d.cases.js';
import { maxPool2dBackwardCases } from './max_pool2d_backward.cases.js';
import { maximumCases } from './maximum.cases.js';
import { microbatchConcatCases } from './microbatch_concat.cases.js';
import { microbatchSliceCases } from './microbatch_slice.cases.js';
import { minimumCases } from './minimum.cases.js';
import { mulCases } from './mul.cases.js';
import { notEqualCases } from './not_equal.cases.js';
import { oneHotCases } from './one_hot.cases.js';
import { padCases } from './pad.cases.js';
import { pickCases } from './pick.cases.js';
import { powCases } from './pow.cases.js';
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
import { sqrtCases } from './sqrt.cases.js';
import { squeezeCases } from './squeeze.cases.js';
import { stopGradientCases } from './stop_gradient.cases.js';
import { subCases } from './sub.cases.js';
import { sumToCases } from './sum_to.cases.js';
import { topKCases } from './top_k.cases.js';
import { transposeCases } from './transpose.cases.js';
import { variableCases } from './variable.cases.js';

export const allCases = {
  abs: absCases,
  add: addCases,
  applyAdadelta: applyAdadeltaCases,
  applyAdagrad: applyAdagradCases,
  applyAdam: applyAdamCases,
  applyAdamW: applyAdamWCases,
  applyCenteredRmsProp: applyCenteredRmsPropCases,
  applyFtrl: applyFtrlCases,
  applyGradientDescent: applyGradientDescentCases,
  applyLars: applyLarsCases,
  applyMomentum: applyMomentumCases,
  applyRmsProp: applyRmsPropCases,
  argmax: argmaxCases,
  assign: assignCases,
  assignAdd: assignAddCases,
  assignDebiasedMovingAverage: assignDebiasedMovingAverageCases,
  assignMovingAverage: assignMovingAverageCases,
  avgPool2d: avgPool2dCases,
  avgPool2dBackward: avgPool2dBackwardCases,
  batchNorm: batchNormCases,
  batchNormTraining: batchNormTrainingCases,
  batchNormTrainingBackward: batchNormTrainingBackwardCases,
  batchNormTrainingReluBackward: batchNormTrainingReluBackwardCases,
  biasAdd: biasAddCases,
  broadcastTo: broadcastToCases,
  cast: castCases,
  checkNumerics: checkNumericsCases,
  confusionMatrix: confusionMatrixCases,
  constant: constantCases,
  conv2d: conv2dCases,
  conv2dBackwardData: conv2dBackwardDataCases,
  conv2dBackwardFilter: conv2dBackwardFilterCases,
  cos: cosCases,
  crop: cropCases,
  div: divCases,
  divNoNan: divNoNanCases,
  dropout: dropoutCases,
  elu: eluCases,
  equal: equalCases,
  exp: expCases,
  floor: floorCases,
  inTopK: inTopKCases,
  input: inputCases,
  l2Loss: l2LossCases,
  less: lessCases,
  log1p: log1pCases,
  log: logCases,
  logSoftmax: logSoftmaxCases,
  matmul: matmulCases,
  maxPool2d: maxPool2dCases,
  maxPool2dBackward: maxPool2dBackwardCases,
  maximum: maximumCases,
  microbatchConcat: microbatchConcatCases,
  microbatchSlice: microbatchSliceCases,
  minimum: minimumCases,
  mul: mulCases,
  notEqual: notEqualCases,
  oneHot: oneHotCases,
  pad: padCases,
  pick: pickCases,
  pow: powCases,
  reduceMean: reduceMeanCases,
  reduceSum: reduceSumCases,
  relu6: relu6Cases,
  relu: reluCases,
  reluBackward: reluBackwardCases,
  reorder: reorderCases,
  reshape: reshapeCases,
  rsqrt: rsqrtCases,
  scaleGradient: scaleGradientCases,
  select: selectCases,
  sigmoid: sigmoidCases,
  size: sizeCases,
  softmax: softmaxCases,
  sqrt: sqrtCases,
  squeeze: squeezeCases,
  stopGradient: stopGradientCases,
  sub: subCases,
  sumTo: sumToCases,
  topK: topKCases,
  transpose: transposeCases,
  variable: variableCases,
} satisfies Record<Exclude<keyof typeof ops, 'newValue'>, OpCases>;
