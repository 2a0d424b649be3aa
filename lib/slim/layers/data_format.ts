import { describe } from '../../core/dtype.js';
import type { Tensor } from '../../core/graph.js';
import { type Shape, shapeText } from '../../core/shape.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { transpose } from '../math.js';

/** Order of the dimensions: channels last, or first behind the images. Variables have the same shapes in both. */
export type DataFormat = 'NHWC' | 'NCHW';

/** @throws ArgumentError unless the data format is one of the two */
export function checkDataFormat(value: unknown, where: string): asserts value is DataFormat {
  if (value === 'NHWC' || value === 'NCHW') return;
  throw new ArgumentError(
    `${where}: invalid dataFormat: it has to be either NCHW or NHWC, received ${describe(value)}.`,
  );
}

/** The number of channels. @throws ShapeError when the rank is below `minRank` or the number unknown */
export function channelsOf(shape: Shape, format: DataFormat, minRank: number, where: string): number {
  if (shape.length < minRank) {
    throw new ShapeError(`${where}: the rank of the inputs must be at least ${minRank}, received ${shapeText(shape)}.`);
  }
  const channels = shape[format === 'NCHW' ? 1 : shape.length - 1];
  if (channels === null || channels === undefined)
    throw new ShapeError(`${where}: the channels dimension of ${shapeText(shape)} is undefined; it must be known.`);
  return channels;
}

/**
 * Applies an op that wants channels last to a tensor of either format. The compiler takes out the transposes between layers.
 * @param name of the op whose result comes out; one that ends in `/` is the full name of the open scope
 * @param op gets the tensor with its channels last, and its name
 */
export function inChannelsLast(
  x: Tensor,
  format: DataFormat,
  name: string,
  op: (x: Tensor, name: string) => Tensor,
): Tensor {
  if (format === 'NHWC' || x.shape.length < 3) return op(x, name);
  return x.graph.withNameScope(name, (scope) => channelsFirst(op(channelsLast(x), 'NHWC'), scope));
}

/** [N, C, ...] as [N, ..., C]. */
function channelsLast(x: Tensor): Tensor {
  const spatial = x.shape.slice(2).map((_, i) => i + 2);
  return transpose(x, [0, ...spatial, 1]);
}

/** [N, ..., C] as [N, C, ...]. */
function channelsFirst(x: Tensor, name?: string): Tensor {
  const rank = x.shape.length;
  const spatial = x.shape.slice(2).map((_, i) => i + 1);
  return transpose(x, [0, rank - 1, ...spatial], name);
}
