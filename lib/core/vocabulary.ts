import type { DType } from './dtype.js';
import type { Tensor } from './graph.js';
import type { AttrValue } from './op.js';

/** A tensor, or a number that meets one as a scalar of its dtype. */
export type Operand = Tensor | number;

type Attrs = Readonly<Record<string, AttrValue>>;

/**
 * The ops as functions, for writing gradients. Every op's file is handed them (`lib/ops/vocabulary.ts` holds them), so that it
 * imports no other op: gradients refer to each other in circles, files do not. Each function adds nodes to the graph of its
 * operands; the ops' own files say what they compute.
 */
export interface Vocabulary {
  /** `value` in each element of a tensor that has dtype and shape of `like`. */
  filled(value: number, like: Tensor): Tensor;

  add(x: Operand, y: Operand): Tensor;
  sub(x: Operand, y: Operand): Tensor;
  mul(x: Operand, y: Operand): Tensor;
  div(x: Operand, y: Operand): Tensor;
  divNoNan(x: Operand, y: Operand): Tensor;
  neg(x: Tensor): Tensor;
  exp(x: Tensor): Tensor;
  log(x: Tensor): Tensor;
  cos(x: Tensor): Tensor;
  pow(x: Operand, y: Operand): Tensor;
  rsqrt(x: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  /** Whether x is less than y (bool). */
  less(x: Operand, y: Operand): Tensor;
  select(condition: Tensor, x: Operand, y: Operand): Tensor;
  /** x itself where it has that dtype. */
  cast(x: Tensor, dtype: DType): Tensor;
  matmul(x: Tensor, y: Tensor): Tensor;
  dropout(x: Tensor, attrs: Attrs): Tensor;
  /** Rows [..., depth] of `dtype`: 1 at the index and 0 elsewhere. */
  oneHot(indices: Tensor, depth: number, dtype: DType): Tensor;

  /** A dimension may be -1 (what is left) and 0 (that of x at the same place). */
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  /** Dimensions of 1 at `axes` of the result. @throws GradientError where more than one dimension behind them is unknown */
  expandDims(x: Tensor, axes: readonly number[]): Tensor;
  transpose(x: Tensor, perm: readonly number[]): Tensor;
  pad(x: Tensor, pads: readonly number[]): Tensor;
  crop(x: Tensor, pads: readonly number[]): Tensor;

  /** Sums over `axes`, which stay as dimensions of 1. */
  reduceSum(x: Tensor, axes: readonly number[]): Tensor;
  /** x stretched to the shape of `like`; x itself where it is known to have that shape. */
  broadcastTo(x: Tensor, like: Tensor): Tensor;
  /** The way back from broadcastTo: sums of what one element was stretched to. */
  sumTo(x: Tensor, like: Tensor): Tensor;
  /** How many elements of x there are for each of y: a scalar of x's dtype. */
  ratio(x: Tensor, y: Tensor): Tensor;

  conv2d(x: Tensor, filter: Tensor, attrs: Attrs): Tensor;
  /** Of `x`, its shape. */
  conv2dBackwardData(x: Tensor, filter: Tensor, dy: Tensor, attrs: Attrs): Tensor;
  /** Of `filter`, its shape. */
  conv2dBackwardFilter(x: Tensor, filter: Tensor, dy: Tensor, attrs: Attrs): Tensor;
  avgPool2d(x: Tensor, attrs: Attrs): Tensor;
  maxPool2dBackward(x: Tensor, dy: Tensor, attrs: Attrs): Tensor;
  /** Of `x`, its shape. */
  avgPool2dBackward(x: Tensor, dy: Tensor, attrs: Attrs): Tensor;
  /** dy where y is above 0 and below the limit, which is infinite where there is none; else 0. */
  reluBackward(y: Tensor, dy: Tensor, limit: number): Tensor;
  batchNormTrainingBackward(
    x: Tensor,
    scale: Tensor,
    mean: Tensor,
    variance: Tensor,
    dy: Tensor,
    attrs: Attrs,
  ): { readonly dx: Tensor; readonly dscale: Tensor; readonly doffset: Tensor };
}
