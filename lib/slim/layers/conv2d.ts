import { apply, type Tensor } from '../../core/graph.js';
import { shapeText } from '../../core/shape.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { type Activation, relu } from '../activations.js';
import { addArgScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs } from '../collections.js';
import { type Initializer, xavierInitializer, zerosInitializer } from '../initializers.js';
import type { Regularizer } from '../regularizers.js';
import { paddingOf, positiveInteger, requireTensor, type Size, twoElementTuple } from '../utils.js';
import { type Reuse, type Scope, variableScope } from '../variable_scope.js';
import { activated, type Normalizer, requireFunction, type VariablesCollections } from './common.js';
import { channelsOf, checkDataFormat, type DataFormat, inChannelsLast } from './data_format.js';
import { addBiases, makeWeights } from './weights.js';

/** Options of `conv2d`. */
export interface Conv2dOptions {
  stride: Size;
  /** SAME or VALID, in any case. */
  padding: string;
  /** null: NHWC. */
  dataFormat: DataFormat | null;
  /** Dilation of the kernel; together with a stride it is refused. */
  rate: Size;
  activationFn: Activation | null;
  /** Takes the place of the biases. */
  normalizerFn: Normalizer | null;
  normalizerParams: Readonly<Record<string, unknown>> | null;
  weightsInitializer: Initializer;
  weightsRegularizer: Regularizer | null;
  /** null: no biases. */
  biasesInitializer: Initializer | null;
  biasesRegularizer: Regularizer | null;
  reuse: Reuse;
  variablesCollections: VariablesCollections;
  outputsCollections: CollectionNames;
  trainable: boolean;
  /** Scope of variables and ops; `Conv`, made unique, when null. */
  scope: Scope;
}

const defaults: Conv2dOptions = {
  stride: 1,
  padding: 'SAME',
  dataFormat: null,
  rate: 1,
  activationFn: relu,
  normalizerFn: null,
  normalizerParams: null,
  weightsInitializer: xavierInitializer(),
  weightsRegularizer: null,
  biasesInitializer: zerosInitializer(),
  biasesRegularizer: null,
  reuse: null,
  variablesCollections: null,
  outputsCollections: null,
  trainable: true,
  scope: null,
};

/**
 * Convolution, then biases or a normalizer, then an activation.
 * @param inputs [N, H, W, C], or [N, C, H, W] in NCHW
 * @param numOutputs filters
 * @param kernelSize height and width of the kernel
 * @returns [N, H', W', numOutputs] in the order of the inputs; the variables are `weights` [height, width, C, numOutputs] and, without a normalizer,
 *   `biases` [numOutputs]
 * @throws ShapeError unless the inputs have rank 4 and a known number of channels; ArgumentError for bad options
 */
export const conv2d = addArgScope(
  'convolution2d',
  defaults,
  (inputs: Tensor, numOutputs: number, kernelSize: Size, o: Conv2dOptions): Tensor =>
    variableScope(o.scope, { defaultName: 'Conv', reuse: o.reuse }, (sc) => {
      const where = `conv2d (${sc.name})`;
      requireTensor(inputs, where);
      const format = o.dataFormat ?? 'NHWC';
      checkDataFormat(format, where);
      requireFunction(o.normalizerFn, `${where}: normalizerFn`);
      requireRank4(inputs, where);
      const filters = positiveInteger(numOutputs, `${where}: numOutputs`);
      const kernel = twoElementTuple(kernelSize, `${where}: kernelSize`);
      const strides = twoElementTuple(o.stride, `${where}: stride`);
      const dilations = twoElementTuple(o.rate, `${where}: rate`);
      if (strides.some((s) => s > 1) && dilations.some((r) => r > 1)) {
        throw new ArgumentError(`${where}: stride [${strides}] and rate [${dilations}] cannot both be more than 1.`);
      }
      const filter = makeWeights(
        [...kernel, channelsOf(inputs.shape, format, 4, where), filters],
        inputs.dtype,
        o,
        where,
      );
      const attrs = { strides, dilations, padding: paddingOf(o.padding, where), pads: [0, 0, 0, 0] };
      const convolved = inChannelsLast(
        inputs,
        format,
        'Conv2D',
        (x, name) => apply(ops.conv2d, { x, filter }, attrs, name).y,
      );
      const net =
        o.normalizerFn === null
          ? addBiases(convolved, format, o, where)
          : o.normalizerFn(convolved, (o.normalizerParams ?? {}) as never);
      return collectNamedOutputs(o.outputsCollections, sc.name, activated(net, o.activationFn, where));
    }),
);

function requireRank4({ shape }: Tensor, where: string): void {
  if (shape.length !== 4)
    throw new ShapeError(`${where}: Convolution expects input with rank 4, got ${shape.length} (${shapeText(shape)}).`);
}
