import type { Op } from '../core/op.js';
import { abs } from './abs.js';
import { add } from './add.js';
import { argmax } from './argmax.js';
import { assignDebiasedMovingAverage } from './assign_debiased_moving_average.js';
import { assignMovingAverage } from './assign_moving_average.js';
import { avgPool2d } from './avg_pool2d.js';
import { batchNorm } from './batch_norm.js';
import { batchNormTraining } from './batch_norm_training.js';
import { biasAdd } from './bias_add.js';
import { cast } from './cast.js';
import { constant } from './constant.js';
import { conv2d } from './conv2d.js';
import { dropout } from './dropout.js';
import { elu } from './elu.js';
import { input } from './input.js';
import { l2Loss } from './l2_loss.js';
import { matmul } from './matmul.js';
import { maxPool2d } from './max_pool2d.js';
import { mul } from './mul.js';
import { oneHot } from './one_hot.js';
import { pad } from './pad.js';
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
  assignDebiasedMovingAverage,
  assignMovingAverage,
  avgPool2d,
  batchNorm,
  batchNormTraining,
  biasAdd,
  cast,
  constant,
  conv2d,
  dropout,
  elu,
  input,
  l2Loss,
  matmul,
  maxPool2d,
  mul,
  oneHot,
  pad,
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
  softmax,
  squeeze,
  sub,
  topK,
  transpose,
  variable,
];
