import { apply, type Tensor } from '../../core/graph.js';
import { shapeText } from '../../core/shape.js';
import { ShapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { addArgScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs } from '../collections.js';
import { paddingOf, requireTensor, type Size, twoElementTuple } from '../utils.js';
import { nameScope } from '../variable_scope.js';
import { checkDataFormat, type DataFormat } from './common.js';

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

/**
 * The largest value of each window; padding never wins.
 * @param inputs [N, H, W, C]
 * @param kernelSize height and width of the window
 * @returns [N, H', W', C]
 */
export const maxPool2d = addArgScope(
  'max_pool2d',
  defaults,
  (inputs: Tensor, kernelSize: Size, o: Pool2dOptions): Tensor =>
    nameScope(o.scope ?? 'MaxPool2D', (name) => {
      const attrs = window('maxPool2d', name, inputs, kernelSize, o);
      return collectNamedOutputs(o.outputsCollections, name, apply(ops.maxPool2d, { x: inputs }, attrs, 'MaxPool').y);
    }),
);

/**
 * The mean of each window; padding does not count.
 * @param inputs [N, H, W, C]
 * @param kernelSize height and width of the window
 * @returns [N, H', W', C]
 */
export const avgPool2d = addArgScope(
  'avg_pool2d',
  defaults,
  (inputs: Tensor, kernelSize: Size, o: Pool2dOptions): Tensor =>
    nameScope(o.scope ?? 'AvgPool2D', (name) => {
      const attrs = window('avgPool2d', name, inputs, kernelSize, o);
      return collectNamedOutputs(o.outputsCollections, name, apply(ops.avgPool2d, { x: inputs }, attrs, 'AvgPool').y);
    }),
);

function window(layer: string, name: string, inputs: Tensor, kernelSize: Size, o: Pool2dOptions) {
  const where = `${layer} (${name.slice(0, -1)})`;
  requireTensor(inputs, where);
  checkDataFormat(o.dataFormat, where);
  if (inputs.shape.length !== 4)
    throw new ShapeError(`${where}: expected inputs of rank 4, received ${shapeText(inputs.shape)}.`);
  return {
    ksize: twoElementTuple(kernelSize, `${where}: kernelSize`),
    strides: twoElementTuple(o.stride, `${where}: stride`),
    padding: paddingOf(o.padding, where),
    pads: [0, 0, 0, 0],
  };
}
