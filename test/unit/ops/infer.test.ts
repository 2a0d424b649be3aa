/** Shapes and dtypes that each op infers, and what it refuses. */
import type { DType } from '../../../lib/core/dtype.js';
import type { AttrValue, Op } from '../../../lib/core/op.js';
import { type TensorType, typeText } from '../../../lib/core/shape.js';
import { ShapeError } from '../../../lib/errors.js';
import { allOps } from '../../../lib/ops/all.js';
import * as ops from '../../../lib/ops/index.js';

type Attrs = Readonly<Record<string, AttrValue>>;

const t = (shape: readonly (number | null)[], dtype: DType = 'float32'): TensorType => ({ dtype, shape });
const infer = (op: Op, inputs: readonly TensorType[], attrs: Attrs = {}) =>
  op.infer(inputs, attrs, 'here').map(typeText);

const window = { strides: [1, 1], padding: 'SAME', pads: [0, 0, 0, 0] };
const conv = { ...window, dilations: [1, 1] };
const pool = { ...window, ksize: [3, 3] };
const image = t([2, 9, 10, 3]);
const vector = t([3]);

const good: readonly (readonly [Op, readonly TensorType[], Attrs, readonly string[]])[] = [
  [ops.abs, [image], {}, ['float32[2,9,10,3]']],
  [ops.add, [image, vector], {}, ['float32[2,9,10,3]']],
  [ops.add, [t([null, 1]), t([4])], {}, ['float32[?,4]']],
  [ops.argmax, [t([2, 5])], { axis: -1 }, ['int32[2]']],
  [ops.avgPool2d, [image], pool, ['float32[2,9,10,3]']],
  [ops.avgPool2d, [image], { ...pool, strides: [2, 2], padding: 'VALID' }, ['float32[2,4,4,3]']],
  [ops.avgPool2dBackward, [image, t([2, 5, null, 3])], { ...pool, strides: [2, 2] }, ['float32[2,9,10,3]']],
  [ops.batchNorm, [image, vector, vector, vector, vector], { epsilon: 0 }, ['float32[2,9,10,3]']],
  [
    ops.batchNormTraining,
    [image, vector, vector],
    { epsilon: 0, bessel: true },
    ['float32[2,9,10,3]', 'float32[3]', 'float32[3]'],
  ],
  [
    ops.batchNormTraining,
    [t([2, 3], 'float64'), t([3], 'float64'), t([3], 'float64')],
    { epsilon: 0, bessel: true },
    ['float64[2,3]', 'float64[3]', 'float64[3]'],
  ],
  [
    ops.batchNormTrainingBackward,
    [image, vector, vector, vector, image],
    { epsilon: 0, bessel: true },
    ['float32[2,9,10,3]', 'float32[3]', 'float32[3]'],
  ],
  [ops.biasAdd, [image, vector], {}, ['float32[2,9,10,3]']],
  [ops.broadcastTo, [t([3, 1], 'int32'), t([2, null, 4], 'int32')], {}, ['int32[2,?,4]']],
  [ops.cast, [t([2], 'uint8')], { dtype: 'float32' }, ['float32[2]']],
  [ops.confusionMatrix, [t([null], 'int64'), t([9], 'uint8'), t([9], 'float64')], { num_classes: 3 }, ['float64[3,3]']],
  [ops.conv2d, [image, t([3, 3, 3, 8])], conv, ['float32[2,9,10,8]']],
  [ops.conv2d, [image, t([3, 3, 3, 8])], { ...conv, strides: [2, 3] }, ['float32[2,5,4,8]']],
  [ops.conv2d, [image, t([3, 3, 3, 8])], { ...conv, padding: 'VALID', dilations: [2, 2] }, ['float32[2,5,6,8]']],
  [ops.conv2d, [image, t([3, 3, 3, 8])], { ...conv, padding: 'EXPLICIT', pads: [1, 0, 2, 2] }, ['float32[2,8,12,8]']],
  [ops.conv2d, [t([null, null, null, 3]), t([3, 3, 3, 8])], conv, ['float32[?,?,?,8]']],
  [
    ops.conv2dBackwardData,
    [image, t([3, 3, 3, 8]), t([2, 5, 4, 8])],
    { ...conv, strides: [2, 3] },
    ['float32[2,9,10,3]'],
  ],
  [ops.conv2dBackwardData, [t([null, 9, 10, 3]), t([3, 3, 3, 8]), t([2, 9, 10, 8])], conv, ['float32[?,9,10,3]']],
  [ops.conv2dBackwardFilter, [image, t([3, 3, 3, 8]), t([null, 9, 10, 8])], conv, ['float32[3,3,3,8]']],
  [ops.crop, [t([null, 5])], { pads: [1, 0, 1, 2] }, ['float32[?,2]']],
  [ops.div, [t([3, 1]), t([2])], {}, ['float32[3,2]']],
  [ops.divNoNan, [t([]), t([2])], {}, ['float32[2]']],
  [ops.dropout, [image], { keep_prob: 0.5, seed: 0 }, ['float32[2,9,10,3]']],
  [ops.equal, [t([3, 1], 'int64'), t([2], 'int64')], {}, ['bool[3,2]']],
  [ops.exp, [vector], {}, ['float32[3]']],
  [ops.inTopK, [t([null, 5]), t([4], 'int64')], { k: 3 }, ['bool[4]']],
  [ops.elu, [image], {}, ['float32[2,9,10,3]']],
  [ops.l2Loss, [image], {}, ['float32[]']],
  [ops.log, [vector], {}, ['float32[3]']],
  [ops.log1p, [vector], {}, ['float32[3]']],
  [ops.logSoftmax, [t([null, 5])], {}, ['float32[?,5]']],
  [ops.matmul, [t([null, 4]), t([4, 5])], {}, ['float32[?,5]']],
  [ops.matmul, [t([2, 3, 4]), t([4, 5])], {}, ['float32[2,3,5]']],
  [ops.maxPool2d, [image], { ...pool, ksize: [1, 1], strides: [4, 4] }, ['float32[2,3,3,3]']],
  [ops.maxPool2dBackward, [image, t([2, 3, 3, 3])], { ...pool, ksize: [1, 1], strides: [4, 4] }, ['float32[2,9,10,3]']],
  [ops.mul, [t([3, 1]), t([2])], {}, ['float32[3,2]']],
  [ops.oneHot, [t([null, 2], 'int64')], { depth: 4, on_value: 1, off_value: 0 }, ['float32[?,2,4]']],
  [ops.notEqual, [vector, t([])], {}, ['bool[3]']],
  [ops.pick, [t([2, null, 5]), t([null, 3], 'uint8')], {}, ['float32[2,3]']],
  [ops.pad, [t([null, 2])], { pads: [0, 0, 1, 2] }, ['float32[?,5]']],
  [ops.reduceMean, [image], { axes: [1, 2], keep_dims: true }, ['float32[2,1,1,3]']],
  [ops.reduceMean, [image], { axes: [-1], keep_dims: false }, ['float32[2,9,10]']],
  [ops.reduceSum, [image], { axes: [], keep_dims: false }, ['float32[]']],
  [ops.relu, [t([], 'float32')], {}, ['float32[]']],
  [ops.relu6, [vector], {}, ['float32[3]']],
  [ops.reluBackward, [image, image], { limit: 6 }, ['float32[2,9,10,3]']],
  [ops.reshape, [image], { shape: [0, -1] }, ['float32[2,270]']],
  [ops.reshape, [t([null, 4, 3])], { shape: [0, -1] }, ['float32[?,12]']],
  [ops.reshape, [t([null, 4])], { shape: [-1] }, ['float32[?]']],
  [ops.reshape, [t([0, 4])], { shape: [0, 2, 2] }, ['float32[0,2,2]']],
  [ops.rsqrt, [vector], {}, ['float32[3]']],
  [ops.scaleGradient, [vector], { factor: 0.1 }, ['float32[3]']],
  [ops.select, [t([], 'bool'), t([null, 3], 'int8'), t([1], 'int8')], {}, ['int8[?,3]']],
  [ops.select, [t([5, 1], 'bool'), vector, t([])], {}, ['float32[5,3]']],
  [ops.sigmoid, [vector], {}, ['float32[3]']],
  [ops.softmax, [t([null, 5])], {}, ['float32[?,5]']],
  [ops.size, [t([null, 3], 'bool')], {}, ['int64[]']],
  [ops.squeeze, [t([2, 1, null, 3])], { axes: [1, 2] }, ['float32[2,3]']],
  [ops.sub, [vector, vector], {}, ['float32[3]']],
  [ops.sumTo, [t([2, null, 4]), t([3, 1])], {}, ['float32[3,1]']],
  [ops.topK, [t([2, 5])], { k: 3 }, ['float32[2,3]', 'int32[2,3]']],
  [ops.transpose, [t([null, 9, 10, 3])], { perm: [0, 3, 1, 2] }, ['float32[?,3,9,10]']],
  [ops.assign, [vector, vector], {}, ['float32[3]']],
  [ops.floor, [vector], {}, ['float32[3]']],
  [ops.cos, [vector], {}, ['float32[3]']],
  [ops.sqrt, [vector], {}, ['float32[3]']],
  [ops.pow, [vector, t([])], {}, ['float32[3]']],
  [ops.minimum, [vector, t([2, 1])], {}, ['float32[2,3]']],
  [ops.maximum, [vector, vector], {}, ['float32[3]']],
  [ops.less, [t([2, 1], 'int64'), t([3], 'int64')], {}, ['bool[2,3]']],
  [ops.stopGradient, [t([2], 'int32')], {}, ['int32[2]']],
  [ops.checkNumerics, [vector], { message: 'loss' }, ['float32[3]']],
  [ops.applyGradientDescent, [vector, t([]), vector], {}, ['float32[3]']],
  [
    ops.applyMomentum,
    [vector, vector, t([]), vector],
    { momentum: 0.9, use_nesterov: false },
    ['float32[3]', 'float32[3]'],
  ],
  [
    ops.applyRmsProp,
    [vector, vector, vector, t([]), vector],
    { decay: 0.9, momentum: 0, epsilon: 1 },
    ['float32[3]', 'float32[3]', 'float32[3]'],
  ],
  [
    ops.applyCenteredRmsProp,
    [vector, vector, vector, vector, t([]), vector],
    { decay: 0.9, momentum: 0, epsilon: 1 },
    ['float32[3]', 'float32[3]', 'float32[3]', 'float32[3]'],
  ],
  [
    ops.applyAdam,
    [vector, vector, vector, t([]), t([]), t([]), vector],
    { beta1: 0.9, beta2: 0.999, epsilon: 1 },
    ['float32[3]', 'float32[3]', 'float32[3]'],
  ],
  [
    ops.applyAdamW,
    [vector, vector, vector, t([]), t([]), t([]), vector],
    { beta1: 0.9, beta2: 0.999, epsilon: 1, weight_decay: 0.1 },
    ['float32[3]', 'float32[3]', 'float32[3]'],
  ],
  [ops.applyAdagrad, [vector, vector, t([]), vector], {}, ['float32[3]', 'float32[3]']],
  [
    ops.applyAdadelta,
    [vector, vector, vector, t([]), vector],
    { rho: 0.95, epsilon: 1 },
    ['float32[3]', 'float32[3]', 'float32[3]'],
  ],
  [
    ops.applyFtrl,
    [vector, vector, vector, t([]), vector],
    { learning_rate_power: -0.5, l1: 0, l2: 0, l2_shrinkage: 0 },
    ['float32[3]', 'float32[3]', 'float32[3]'],
  ],
  [
    ops.applyLars,
    [vector, vector, t([]), vector],
    { momentum: 0.9, weight_decay: 0, eeta: 0.001, epsilon: 0, use_nesterov: false },
    ['float32[3]', 'float32[3]'],
  ],
  [ops.assignAdd, [vector, vector], {}, ['float32[3]']],
  [ops.assignMovingAverage, [vector, vector], { decay: 0.9 }, ['float32[3]']],
  [
    ops.assignDebiasedMovingAverage,
    [vector, vector, t([]), vector],
    { decay: 0.9 },
    ['float32[3]', 'float32[3]', 'float32[]'],
  ],
];

test.each(
  good.map(
    ([op, inputs, attrs, expected]) =>
      [`${op.name}(${inputs.map(typeText)}) ${JSON.stringify(attrs)}`, op, inputs, attrs, expected] as const,
  ),
)('%s', (_, op, inputs, attrs, expected) => {
  expect(infer(op, inputs, attrs)).toEqual(expected);
});

const bad: readonly (readonly [Op, readonly TensorType[], Attrs, RegExp])[] = [
  [ops.add, [t([2]), t([3])], {}, /cannot be combined/],
  [ops.add, [t([2]), t([2], 'float64')], {}, /Expected one dtype/],
  [ops.argmax, [t([2])], { axis: 1 }, /out of range/],
  [ops.argmax, [t([0])], { axis: 0 }, /no values/],
  [ops.batchNorm, [image, vector, vector, vector, t([4])], { epsilon: 0 }, /variance: expected \[3\]/],
  [ops.batchNorm, [t([2, null]), vector, vector, vector, vector], { epsilon: 0 }, /must be known/],
  [ops.avgPool2dBackward, [image, t([2, 9, 9, 3])], pool, /dy: expected float32\[2,9,10,3\]/],
  [
    ops.batchNormTrainingBackward,
    [image, vector, vector, t([4]), image],
    { epsilon: 0, bessel: true },
    /variance: expected \[3\]/,
  ],
  [ops.biasAdd, [image, t([4])], {}, /bias: expected \[3\]/],
  [ops.broadcastTo, [t([2, 3]), t([2, 1])], {}, /\[2,3\] cannot be stretched to \[2,1\]/],
  [ops.broadcastTo, [t([1, 3]), t([3])], {}, /\[1,3\] cannot be stretched to \[3\]/],
  [ops.conv2d, [t([9, 10, 3]), t([3, 3, 3, 8])], conv, /expected rank 4/],
  [ops.conv2d, [image, t([3, 3, 4, 8])], conv, /3 channels, the filter takes 4/],
  [ops.conv2d, [image, t([0, 3, 3, 8])], conv, /positive dimensions/],
  [ops.conv2d, [image, t([3, 3, 3, 8])], { ...conv, strides: [0, 1] }, /must be positive/],
  [ops.conv2d, [image, t([3, 3, 3, 8])], { ...conv, dilations: [1, -1] }, /must be positive/],
  [ops.conv2d, [image, t([3, 3, 3, 8])], { ...conv, padding: 'EXPLICIT', pads: [-1, 0, 0, 0] }, /must not be negative/],
  [ops.conv2d, [t([1, 2, 2, 3]), t([3, 3, 3, 8])], { ...conv, padding: 'VALID' }, /Negative dimension size/],
  [ops.conv2d, [t([1, 9, 9, 3], 'int32'), t([3, 3, 3, 8], 'int32')], conv, /floating-point/],
  [ops.conv2dBackwardData, [image, t([3, 3, 3, 8]), image], conv, /dy: expected float32\[2,9,10,8\]/],
  [ops.conv2dBackwardFilter, [image, t([3, 3, 4, 8]), image], conv, /3 channels, the filter takes 4/],
  [ops.crop, [t([5])], { pads: [2, 4] }, /more than \[5\] has/],
  [ops.crop, [t([5])], { pads: [-1, 0] }, /not negative/],
  [ops.dropout, [image], { keep_prob: 0, seed: 0 }, /keep_prob/],
  [ops.dropout, [image], { keep_prob: 0.5, seed: -1 }, /seed/],
  [ops.l2Loss, [t([2], 'int32')], {}, /floating-point/],
  [ops.matmul, [t([2, 3]), t([4, 5])], {}, /Cannot multiply/],
  [ops.matmul, [t([2, 3]), t([3])], {}, /expected rank 2/],
  [ops.maxPool2d, [image], { ...pool, padding: 'EXPLICIT', pads: [3, 0, 0, 0] }, /smaller than the window/],
  [ops.maxPool2dBackward, [image, vector], pool, /dy: expected/],
  [ops.oneHot, [vector], { depth: 4, on_value: 1, off_value: 0 }, /integer dtype/],
  [ops.oneHot, [t([2], 'int32')], { depth: -1, on_value: 1, off_value: 0 }, /depth: expected/],
  [ops.pad, [t([2, 2])], { pads: [0, 0] }, /Expected 4 pads/],
  [ops.pad, [t([2])], { pads: [-1, 0] }, /not negative/],
  [ops.reduceMean, [image], { axes: [1, -3], keep_dims: false }, /one axis twice/],
  [ops.reluBackward, [image, vector], { limit: 6 }, /dy: expected/],
  [ops.reshape, [t([6])], { shape: [4] }, /cannot take the shape/],
  [ops.reshape, [t([6])], { shape: [4, -1] }, /cannot take the shape/],
  [ops.reshape, [t([6])], { shape: [-1, -1] }, /at most one -1/],
  [ops.reshape, [t([6])], { shape: [6, 0] }, /keeps a dimension/],
  [ops.select, [vector, vector, vector], {}, /condition: expected bool/],
  [ops.select, [t([3], 'bool'), vector, t([3], 'float64')], {}, /Expected one dtype/],
  [ops.select, [t([2], 'bool'), vector, vector], {}, /cannot be combined/],
  [ops.softmax, [t([])], {}, /must be known/],
  [ops.squeeze, [t([2, 1])], { axes: [0] }, /its size is not 1/],
  [ops.sumTo, [t([2, 3]), t([2])], {}, /cannot be combined/],
  [ops.transpose, [image], { perm: [0, 1, 2] }, /each axis below 4 once/],
  [ops.transpose, [t([2, 3])], { perm: [0, 0] }, /each axis below 2 once/],
  [ops.topK, [t([2, 5])], { k: 6 }, /k: expected 1 to 5/],
  [ops.equal, [t([2], 'int32'), t([2])], {}, /Expected one dtype/],
  [ops.exp, [t([2], 'int32')], {}, /floating-point/],
  [ops.logSoftmax, [t([])], {}, /must be known/],
  [ops.pick, [t([2, 5]), t([2])], {}, /index: expected an integer dtype/],
  [ops.pick, [t([2, 5]), t([3], 'int32')], {}, /expected one index for each row of \[2,5\]/],
  [ops.pick, [t([]), t([], 'int32')], {}, /expected one index for each row/],
  [ops.inTopK, [t([2, 5]), t([2], 'int32')], { k: -1 }, /k: expected a number that is not negative/],
  [ops.confusionMatrix, [t([2], 'int32'), t([3], 'int32'), t([2])], { num_classes: 3 }, /Expected one shape/],
  [ops.confusionMatrix, [t([2], 'int32'), t([2], 'int32'), t([2])], { num_classes: 0 }, /num_classes: expected 1 to/],
  [ops.assignAdd, [vector, t([4])], {}, /variable is \[3\]/],
  [ops.assignMovingAverage, [vector, t([4])], { decay: 0.9 }, /variable is \[3\]/],
  [ops.assignDebiasedMovingAverage, [vector, vector, t([1]), vector], { decay: 0.9 }, /scalar step/],
  [ops.applyGradientDescent, [vector, t([]), t([4])], {}, /gradient: expected \[3\], received \[4\]/],
  [ops.applyGradientDescent, [vector, vector, vector], {}, /learning_rate: expected \[\], received \[3\]/],
  [
    ops.applyMomentum,
    [vector, t([4]), t([]), vector],
    { momentum: 0, use_nesterov: false },
    /accumulator: expected \[3\]/,
  ],
  [ops.applyGradientDescent, [vector, t([], 'float64'), vector], {}, /Expected one dtype/],
  [ops.less, [t([2], 'bool'), t([2], 'bool')], {}, /expected a dtype of numbers/],
  [ops.floor, [t([2], 'int32')], {}, /floating-point/],
  [ops.add, [vector], {}, /expected 2 inputs, received 1/],
  [ops.input, [], { name: 'x' }, /none to infer/],
];

test.each(
  bad.map(
    ([op, inputs, attrs, message]) =>
      [`${op.name}(${inputs.map(typeText)}) ${JSON.stringify(attrs)}`, op, inputs, attrs, message] as const,
  ),
)('%s is refused', (_, op, inputs, attrs, message) => {
  expect(() => infer(op, inputs, attrs)).toThrow(ShapeError);
  expect(() => infer(op, inputs, attrs)).toThrow(message);
});

test('every op but the sources has a case above', () => {
  const tested = new Set(good.map(([op]) => op.name));
  expect(allOps.filter((op) => !op.source && !op.internal && !tested.has(op.name)).map((op) => op.name)).toEqual([]);
});

test('names of ops are unique and in order', () => {
  const names = allOps.map((op) => op.name);
  expect(names).toEqual([...new Set(names)].sort());
  expect(
    Object.values<Op>(ops)
      .filter((op) => !op.graphOnly)
      .map((op) => op.name)
      .sort(),
  ).toEqual(names);
});

test.each([
  [224, 7, 2, 1, [2, 3]],
  [112, 3, 2, 1, [0, 1]],
  [113, 3, 2, 1, [1, 1]],
  [5, 4, 1, 1, [1, 2]],
  [9, 3, 1, 3, [3, 3]],
  [4, 1, 3, 1, [0, 0]],
])('SAME over %d pixels with kernel %d, stride %d, rate %d pads %p', (size, kernel, stride, rate, expected) => {
  const attrs = { strides: [stride, stride], dilations: [rate, rate], padding: 'SAME', pads: [0, 0, 0, 0] };
  const resolved = ops.conv2d.resolve([t([1, size, size, 1]), t([kernel, kernel, 1, 1])], attrs);
  expect(resolved).toMatchObject({ padding: 'EXPLICIT', pads: [...expected, ...expected] });
});
