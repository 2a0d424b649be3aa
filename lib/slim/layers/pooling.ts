import { apply, type Tensor } from '../../core/graph.js';
import { shapeText } from '../../core/shape.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { addArgScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs } from '../collections.js';
import { reshape, squeeze } from '../math.js';
import { nPositiveIntegers, paddingOf, requireTensor, type Size, twoElementTuple } from '../utils.js';
import { nameScope } from '../variable_scope.js';
import { checkDataFormat, type DataFormat, inChannelsLast } from './data_format.js';

/** Options of `maxPool2d` and `avgPool2d`. */
export interface Pool2dOptions {
  /** 2 unless told. */
  stride: Size;
  /** SAME or VALID, in any case; VALID unless told. */
  padding: string;
  dataFormat: DataFormat;
  outputsCollections: CollectionNames;
  /** Name scope of the op; `MaxPool2D` or `AvgPool2D` when null. */
  scope: string | null;
}

const defaults: Pool2dOptions = {
  stride: 2,
  padding: 'VALID',
  dataFormat: 'NHWC',
  outputsCollections: null,
  scope: null,
};

/** The two poolings, and the name of the op that computes each. */
const kinds = {
  MAX: { op: ops.maxPool2d, opName: 'MaxPool' },
  AVG: { op: ops.avgPool2d, opName: 'AvgPool' },
} as const;

/** What pools over two dimensions. */
export type PoolingType = keyof typeof kinds;

interface Window {
  readonly ksize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: 'SAME' | 'VALID';
}

/**
 * The largest value of each window; padding never wins.
 * @param inputs [N, H, W, C], or [N, C, H, W] in NCHW
 * @param kernelSize height and width of the window
 * @returns [N, H', W', C] in the order of the inputs
 */
export const maxPool2d = addArgScope(
  'max_pool2d',
  defaults,
  (inputs: Tensor, kernelSize: Size, o: Pool2dOptions): Tensor =>
    nameScope(o.scope ?? 'MaxPool2D', (name) => pooled2d('maxPool2d', 'MAX', name, inputs, kernelSize, o)),
);

/**
 * The mean of each window; padding does not count.
 * @param inputs [N, H, W, C], or [N, C, H, W] in NCHW
 * @param kernelSize height and width of the window
 * @returns [N, H', W', C] in the order of the inputs
 */
export const avgPool2d = addArgScope(
  'avg_pool2d',
  defaults,
  (inputs: Tensor, kernelSize: Size, o: Pool2dOptions): Tensor =>
    nameScope(o.scope ?? 'AvgPool2D', (name) => pooled2d('avgPool2d', 'AVG', name, inputs, kernelSize, o)),
);

function pooled2d(
  layer: string,
  type: PoolingType,
  name: string,
  inputs: Tensor,
  kernelSize: Size,
  o: Pool2dOptions,
): Tensor {
  const where = `${layer} (${name.slice(0, -1)})`;
  requireTensor(inputs, where);
  checkDataFormat(o.dataFormat, where);
  if (inputs.shape.length !== 4)
    throw new ShapeError(`${where}: expected inputs of rank 4, received ${shapeText(inputs.shape)}.`);
  const window: Window = {
    ksize: twoElementTuple(kernelSize, `${where}: kernelSize`),
    strides: twoElementTuple(o.stride, `${where}: stride`),
    padding: paddingOf(o.padding, where),
  };
  const { opName } = kinds[type];
  const net = inChannelsLast(inputs, o.dataFormat, opName, (x, n) => windowed(x, type, window, n));
  return collectNamedOutputs(o.outputsCollections, name, net);
}

/** Options of `pool`. */
export interface PoolOptions {
  padding: string;
  /** null: channels last. NCW and NWC are the names for rank 3. */
  dataFormat: DataFormat | 'NWC' | 'NCW' | null;
  /** 1 alone: windows with holes are not made. */
  dilationRate: number | readonly number[];
  stride: number | readonly number[];
  outputsCollections: CollectionNames;
  /** Name scope of the op; `max_pool` or `avg_pool` when null. */
  scope: string | null;
}

const poolDefaults: PoolOptions = {
  padding: 'VALID',
  dataFormat: null,
  dilationRate: 1,
  stride: 1,
  outputsCollections: null,
  scope: null,
};

/**
 * Pooling over one or two dimensions, with a stride of 1 unless told.
 * @param inputs [N, W, C] or [N, H, W, C], or with the channels behind N
 * @param kernelSize of each of these dimensions; one number stands for both
 * @returns a tensor of the same rank and order
 * @throws ShapeError for other ranks; ArgumentError for bad options
 */
export const pool = addArgScope(
  'pool',
  poolDefaults,
  (inputs: Tensor, kernelSize: number | readonly number[], poolingType: PoolingType, o: PoolOptions): Tensor => {
    if (!Object.hasOwn(kinds, poolingType))
      throw new ArgumentError(`pool: poolingType: expected MAX or AVG, received ${String(poolingType)}.`);
    return nameScope(o.scope ?? `${poolingType.toLowerCase()}_pool`, (name) => {
      const where = `pool (${name.slice(0, -1)})`;
      requireTensor(inputs, where);
      const spatial = inputs.shape.length - 2;
      if (spatial < 1)
        throw new ShapeError(
          `${where}: the rank of the inputs must be at least 3, received ${shapeText(inputs.shape)}.`,
        );
      if (spatial > 2)
        throw new ShapeError(`${where}: expected inputs of rank 3 or 4, received ${shapeText(inputs.shape)}.`);
      const sizes = (value: number | readonly number[], option: string) =>
        nPositiveIntegers(spatial, value, `${where}: ${option}`);
      if (sizes(o.dilationRate, 'dilationRate').some((rate) => rate > 1))
        throw new ArgumentError(`${where}: dilationRate: expected 1, windows with holes are not supported.`);
      const flat = spatial === 1 ? [1] : [];
      const window: Window = {
        ksize: [...flat, ...sizes(kernelSize, 'kernelSize')],
        strides: [...flat, ...sizes(o.stride, 'stride')],
        padding: paddingOf(o.padding, where),
      };
      const opName = spatial === 2 ? name : 'Squeeze';
      const net = inChannelsLast(inputs, poolFormat(o.dataFormat, spatial, where), opName, (x, n) =>
        spatial === 2 ? windowed(x, poolingType, window, n) : overOneDimension(x, poolingType, window, n),
      );
      return collectNamedOutputs(o.outputsCollections, name, net);
    });
  },
);

function poolFormat(format: PoolOptions['dataFormat'], spatial: number, where: string): DataFormat {
  if (format === null) return 'NHWC';
  const [last, first] = spatial === 1 ? ['NWC', 'NCW'] : ['NHWC', 'NCHW'];
  if (format === first) return 'NCHW';
  if (format === last) return 'NHWC';
  throw new ArgumentError(
    `${where}: invalid dataFormat: it has to be either ${first} or ${last}, received ${String(format)}.`,
  );
}

/** Takes [N, W, C] for images of height 1. @throws ShapeError when neither W nor C is known */
function overOneDimension(x: Tensor, type: PoolingType, window: Window, name: string): Tensor {
  const [, width, channels] = x.shape as readonly (number | null)[];
  if (width === null && channels === null)
    throw new ShapeError(`pool: the width or the number of channels of ${shapeText(x.shape)} must be known.`);
  const image = reshape(x, [0, 1, width ?? -1, channels ?? -1], 'ExpandDims');
  return squeeze(windowed(image, type, window, kinds[type].opName), [1], name);
}

function windowed(x: Tensor, type: PoolingType, window: Window, name: string): Tensor {
  return apply(kinds[type].op, { x }, { ...window, pads: [0, 0, 0, 0] }, name).y;
}
