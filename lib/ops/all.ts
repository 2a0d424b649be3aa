import type { Op } from '../core/op.js';
import { abs } from './abs.js';
import { add } from './add.js';
import { argmax } from './argmax.js';
import { assignAdd } from './assign_add.js';
import { assignDebiasedMovingAverage } from './assign_debiased_moving_average.js';
import { assignMovingAverage } from './assign_moving_average.js';
import { avgPool2d } from './avg_pool2d.js';
import { batchNorm } from './batch_norm.js';
import { batchNormTraining } from './batch_norm_training.js';
import { biasAdd } from './bias_add.js';
import { cast } from './cast.js';
import { confusionMatrix } from './confusion_matrix.js';
import { constant } from './constant.js';
import { conv2d } from './conv2d.js';
import { div } from './div.js';
import { divNoNan } from './div_no_nan.js';
import { dropout } from './dropout.js';
import { elu } from './elu.js';
import { equal } from './equal.js';
import { exp } from './exp.js';
import { inTopK } from './in_top_k.js';
import { input } from './input.js';
import { l2Loss } from './l2_loss.js';
import { log } from './log.js';
import { logSoftmax } from './log_softmax.js';
import { log1p } from './log1p.js';
import { matmul } from './matmul.js';
import { maxPool2d } from './max_pool2d.js';
import { microbatchConcat } from './microbatch_concat.js';
import { microbatchSlice } from './microbatch_slice.js';
import { mul } from './mul.js';
import { notEqual } from './not_equal.js';
import { oneHot } from './one_hot.js';
import { pad } from './pad.js';
import { pick } from './pick.js';
import { reduceMean } from './reduce_mean.js';
import { reduceSum } from './reduce_sum.js';
import { relu } from './relu.js';
import { relu6 } from './relu6.js';
import { reorder } from './reorder.js';
import { reshape } from './reshape.js';
import { rsqrt } from './rsqrt.js';
import { scaleGradient } from './scale_gradient.js';
import { select } from './select.js';
import { sigmoid } from './sigmoid.js';
import { size } from './size.js';
import { softmax } from './softmax.js';
import { squeeze } from './squeeze.js';
import { sub } from './sub.js';
import { topK } from './top_k.js';
import { transpose } from './transpose.js';
import { variable } from './variable.js';

/** Every op, in the order of the generated enumeration. */
export const allOps: readonly Op[] = [
  abs,
  add,
  argmax,
  assignAdd,
  assignDebiasedMovingAverage,
  assignMovingAverage,
  avgPool2d,
  batchNorm,
  batchNormTraining,
  biasAdd,
  cast,
  confusionMatrix,
  constant,
  conv2d,
  div,
  divNoNan,
  dropout,
  elu,
  equal,
  exp,
  inTopK,
  input,
  l2Loss,
  log,
  log1p,
  logSoftmax,
  matmul,
  maxPool2d,
  microbatchConcat,
  microbatchSlice,
  mul,
  notEqual,
  oneHot,
  pad,
  pick,
  reduceMean,
  reduceSum,
  relu,
  relu6,
  reorder,
  reshape,
  rsqrt,
  scaleGradient,
  select,
  sigmoid,
  size,
  softmax,
  squeeze,
  sub,
  topK,
  transpose,
  variable,
];
