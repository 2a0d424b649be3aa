/**
 * The networks whose ONNX files check_onnx.sh has checked, and of which the tests know the hash. `library` is slimnet and, for what has no layer,
 * its ops: those of build/lib for the script, of lib/ for the tests.
 */
import { networkInput, streams, variableValues } from './generator.mjs';

/** @typedef {Pick<typeof import('../../lib/index.js'), 'Graph' | 'nets' | 'placeholder' | 'slim'>} PublicLibrary */
/** @typedef {PublicLibrary & { ops: typeof import('../../lib/ops/index.js'), apply: typeof import('../../lib/core/graph.js').apply }} Library */
/** @typedef {import('../../lib/index.js').Tensor} Tensor */
/**
 * @typedef {object} OnnxCase
 * @property {string} id
 * @property {string | null} golden the fixture below test/golden/nets that has TensorFlow's result
 * @property {readonly number[]} inputShape with the batch at which the file runs; the file's own batch is open
 * @property {'nchw' | 'unchanged'} layout
 * @property {(images: Tensor) => Record<string, Tensor>} build
 */

/**
 * @param {Library} library
 * @returns {readonly OnnxCase[]}
 */
export function onnxCases({ nets, slim, ops, apply }) {
  /** The blocks of the small networks in Slim's own tests. */
  const blocks = (/** @type {typeof nets.resnetV1Block} */ block) => [
    block('block1', { baseDepth: 1, numUnits: 3, stride: 2 }),
    block('block2', { baseDepth: 2, numUnits: 3, stride: 2 }),
    block('block3', { baseDepth: 4, numUnits: 3, stride: 2 }),
    block('block4', { baseDepth: 8, numUnits: 2, stride: 1 }),
  ];
  const options = { scope: 'resnet', numClasses: 5, isTraining: false };
  /** @param {Parameters<typeof nets.resnetV1>[2]} more */
  const smallV1 = (more) => (/** @type {Tensor} */ images) =>
    slim.argScope(nets.resnetArgScope(), () => ({
      logits: nets.resnetV1(images, blocks(nets.resnetV1Block), { ...options, ...more }).net,
    }));
  /** @param {Parameters<typeof nets.resnetV2>[2]} more */
  const smallV2 = (more) => (/** @type {Tensor} */ images) =>
    slim.argScope(nets.resnetArgScope(), () => ({
      logits: nets.resnetV2(images, blocks(nets.resnetV2Block), { ...options, ...more }).net,
    }));
  return [
    {
      id: 'small_v1_pooled_33x33',
      golden: 'small_v1_pooled_33x33',
      inputShape: [2, 33, 33, 3],
      layout: 'nchw',
      build: smallV1({}),
    },
    {
      id: 'small_v1_fcn_33x33_stride8',
      golden: 'small_v1_fcn_33x33_stride8',
      inputShape: [1, 33, 33, 3],
      layout: 'nchw',
      build: smallV1({ globalPool: false, outputStride: 8 }),
    },
    {
      id: 'small_v1_fcn_40x48_stride16_unchanged',
      golden: 'small_v1_fcn_40x48_stride16',
      inputShape: [1, 40, 48, 3],
      layout: 'unchanged',
      build: smallV1({ globalPool: false, outputStride: 16 }),
    },
    {
      id: 'small_v2_pooled_33x33',
      golden: 'small_v2_pooled_33x33',
      inputShape: [2, 33, 33, 3],
      layout: 'nchw',
      build: smallV2({}),
    },
    {
      id: 'small_v2_fcn_33x33_stride8',
      golden: 'small_v2_fcn_33x33_stride8',
      inputShape: [1, 33, 33, 3],
      layout: 'nchw',
      build: smallV2({ globalPool: false, outputStride: 8 }),
    },
    {
      id: 'layers',
      golden: null,
      inputShape: [3, 13, 10, 4],
      layout: 'nchw',
      build: (images) => {
        const { conv2d } = slim;
        const features = slim.maxPool2d(
          slim.avgPool2d(conv2d(images, 6, [3, 2], { stride: [2, 1], scope: 'conv' }), [2, 3], {
            stride: 1,
            padding: 'SAME',
          }),
          [3, 3],
          { stride: 2, padding: 'SAME' },
        );
        const normalized = slim.batchNorm(features, { isTraining: false, scale: true, scope: 'norm' });
        const centred = slim.subtract(normalized, slim.reduceMean(normalized, [0]));
        const gate = slim.relu6(slim.multiply(centred, slim.constant([2, -3, 4, 1, 0.5, 8])));
        const rows = slim.reduceSum(gate, [1]);
        const dense = slim.fullyConnected(slim.flatten(gate), 7, {
          scope: 'dense',
          normalizerFn: slim.batchNorm,
          normalizerParams: { isTraining: false },
        });
        const scores = slim.softmax(slim.fullyConnected(dense, 5, { scope: 'scores', activationFn: null }));
        const { values, indices } = slim.topK(scores, 3);
        const last = slim.squeeze(slim.reduceMean(gate, [1, 2], { keepDims: true }), [1, 2]);
        const shifted = slim.subtract(last, slim.constant(0.2));
        const turned = apply(ops.transpose, { x: normalized }, { perm: [0, 3, 1, 2] }).y;
        const smooth = apply(
          ops.elu,
          { x: apply(ops.sub, { x: turned, y: apply(ops.sigmoid, { x: turned }, {}).y }, {}).z },
          {},
        ).y;
        const hot = apply(ops.oneHot, { indices }, { depth: 4, on_value: 2, off_value: -1 }).y;
        return {
          features,
          rows,
          scores,
          values,
          indices,
          best: slim.argMax(gate, 3),
          last,
          stretched: slim.add(
            slim.pad(normalized, [
              [0, 0],
              [1, 0],
              [0, 2],
              [3, 1],
            ]),
            slim.reduceMean(normalized, [1, 2, 3], { keepDims: true }),
          ),
          smooth,
          turnedBack: apply(ops.transpose, { x: slim.relu(turned) }, { perm: [0, 2, 3, 1] }).y,
          hot,
          selected: apply(
            ops.select,
            {
              condition: apply(ops.cast, { x: slim.relu(centred) }, { dtype: 'bool' }).y,
              x: centred,
              y: apply(
                ops.rsqrt,
                { x: apply(ops.add, { x: apply(ops.abs, { x: normalized }, {}).y, y: slim.constant(1) }, {}).z },
                {},
              ).y,
            },
            {},
          ).z,
          loss: apply(ops.l2Loss, { x: gate }, {}).y,
          quotients: apply(ops.div, { x: scores, y: apply(ops.exp, { x: scores }, {}).y }, {}).z,
          guarded: apply(ops.divNoNan, { x: last, y: slim.relu(shifted) }, {}).z,
          logarithms: apply(ops.log, { x: scores }, {}).y,
          logSoftmax: apply(ops.logSoftmax, { x: last }, {}).y,
          same: apply(
            ops.cast,
            { x: apply(ops.equal, { x: indices, y: slim.argMax(hot, 2) }, {}).z },
            { dtype: 'float32' },
          ).y,
          other: apply(
            ops.cast,
            { x: apply(ops.notEqual, { x: slim.relu(shifted), y: shifted }, {}).z },
            { dtype: 'int32' },
          ).y,
          elements: apply(ops.size, { x: gate }, {}).y,
          total: slim.reduceSum(scores),
        };
      },
    },
  ];
}

/**
 * Builds a case.
 * @param {PublicLibrary} library
 * @param {OnnxCase} onnxCase
 */
export function buildCase({ Graph, placeholder }, { inputShape, layout, build }) {
  const graph = new Graph();
  const fetches = graph.build(() => build(placeholder('float32', [null, ...inputShape.slice(1)], { name: 'images' })));
  const stream = streams(graph.variables.keys());
  const read = (/** @type {{ name: string, shape: readonly number[] }} */ { name, shape }) =>
    variableValues(name, shape, /** @type {number} */ (stream.get(name)));
  return { request: { graph, fetches, read, layout }, images: networkInput(inputShape) };
}
