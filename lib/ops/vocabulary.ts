import { apply, Tensor } from '../core/graph.js';
import type { AppliedOp, AttrSchema, AttrsOf } from '../core/op.js';
import { elementCount, isConcrete, sameShape, shapeText } from '../core/shape.js';
import type { Operand, Vocabulary } from '../core/vocabulary.js';
import { GradientError } from '../errors.js';
import * as ops from './index.js';

type BinaryOp = AppliedOp<readonly ['x', 'y'], readonly ['z'], Readonly<Record<never, never>>>;
type UnaryOp = AppliedOp<readonly ['x'], readonly ['y'], Readonly<Record<never, never>>>;

/** A number as a scalar beside a tensor. */
function scalar(value: number, beside: Tensor): Tensor {
  const options = { types: [{ dtype: beside.dtype, shape: [] }] };
  return beside.graph.add(ops.constant, [], { values: [value] }, options).outputs[0] as Tensor;
}

function pair(x: Operand, y: Operand): { readonly x: Tensor; readonly y: Tensor } {
  if (x instanceof Tensor) return { x, y: y instanceof Tensor ? y : scalar(y, x) };
  if (y instanceof Tensor) return { x: scalar(x, y), y };
  throw new GradientError(`Expected a tensor beside ${x} and ${y}.`);
}

const binary = (op: BinaryOp) => (x: Operand, y: Operand) => apply(op, pair(x, y), {}).z;
const unary = (op: UnaryOp) => (x: Tensor) => apply(op, { x }, {}).y;

/** Attributes of one op for another that has the same ones. */
const as = <S extends AttrSchema>(attrs: unknown): AttrsOf<S> => attrs as AttrsOf<S>;

/** Known to be of one shape. */
const alike = (x: Tensor, y: Tensor) => isConcrete(x.shape) && sameShape(x.shape, y.shape);

function expandDims(x: Tensor, axes: readonly number[]): Tensor {
  const inserted = new Set(axes);
  const first = Math.min(...axes);
  const dimensions = [...x.shape];
  const shape = Array.from({ length: x.shape.length + inserted.size }, (_, axis) => {
    if (inserted.has(axis)) return 1;
    return dimensions.shift() ?? (axis < first ? 0 : -1);
  });
  if (shape.filter((d) => d === -1).length > 1) {
    throw new GradientError(
      `The shape ${shapeText(x.shape)} has too many unknown dimensions to get others between them.`,
      {
        node: x.name,
        hint: 'give the placeholder more of its shape.',
      },
    );
  }
  return vocabulary.reshape(x, shape);
}

/** The ops as functions: what gradients are written in. */
export const vocabulary: Vocabulary = {
  filled(value, like) {
    if (!isConcrete(like.shape)) return vocabulary.broadcastTo(scalar(value, like), like);
    const options = { types: [{ dtype: like.dtype, shape: like.shape }] };
    return like.graph.add(ops.constant, [], { values: [value] }, options).outputs[0] as Tensor;
  },

  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: binary(ops.div),
  divNoNan: binary(ops.divNoNan),
  neg: (x) => vocabulary.mul(x, -1),
  exp: unary(ops.exp),
  log: unary(ops.log),
  cos: unary(ops.cos),
  pow: binary(ops.pow),
  less: binary(ops.less),
  rsqrt: unary(ops.rsqrt),
  relu: unary(ops.relu),
  select: (condition, x, y) => apply(ops.select, { condition, ...pair(x, y) }, {}).z,
  cast: (x, dtype) => (x.dtype === dtype ? x : apply(ops.cast, { x }, { dtype }).y),
  matmul: binary(ops.matmul),
  dropout: (x, attrs) => apply(ops.dropout, { x }, as(attrs)).y,
  oneHot: (indices, depth, dtype) =>
    vocabulary.cast(apply(ops.oneHot, { indices }, { depth, on_value: 1, off_value: 0 }).y, dtype),

  reshape: (x, shape) => apply(ops.reshape, { x }, { shape }).y,
  expandDims,
  transpose: (x, perm) => apply(ops.transpose, { x }, { perm }).y,
  pad: (x, pads) => apply(ops.pad, { x }, { pads }).y,
  crop: (x, pads) => apply(ops.crop, { x }, { pads }).y,

  reduceSum: (x, axes) => apply(ops.reduceSum, { x }, { axes, keep_dims: true }).y,
  broadcastTo: (x, like) => (alike(x, like) ? x : apply(ops.broadcastTo, { x, like }, {}).y),
  sumTo: (x, like) => (alike(x, like) ? x : apply(ops.sumTo, { x, like }, {}).y),
  ratio(x, y) {
    if (isConcrete(x.shape) && isConcrete(y.shape)) return scalar(elementCount(x.shape) / elementCount(y.shape), x);
    const size = (t: Tensor) => vocabulary.cast(apply(ops.size, { x: t }, {}).y, x.dtype);
    return vocabulary.div(size(x), size(y));
  },

  conv2d: (x, filter, attrs) => apply(ops.conv2d, { x, filter }, as(attrs)).y,
  conv2dBackwardData: (x, filter, dy, attrs) => apply(ops.conv2dBackwardData, { x, filter, dy }, as(attrs)).dx,
  conv2dBackwardFilter: (x, filter, dy, attrs) => apply(ops.conv2dBackwardFilter, { x, filter, dy }, as(attrs)).dfilter,
  avgPool2d: (x, attrs) => apply(ops.avgPool2d, { x }, as(attrs)).y,
  maxPool2dBackward: (x, dy, attrs) => apply(ops.maxPool2dBackward, { x, dy }, as(attrs)).dx,
  avgPool2dBackward: (x, dy, attrs) => apply(ops.avgPool2dBackward, { x, dy }, as(attrs)).dx,
  reluBackward: (y, dy, limit) => apply(ops.reluBackward, { y, dy }, { limit }).dx,
  batchNormTrainingBackward: (x, scale, mean, variance, dy, attrs) =>
    apply(ops.batchNormTrainingBackward, { x, scale, mean, variance, dy }, as(attrs)),
};
