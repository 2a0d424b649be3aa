import { apply, type Tensor } from '../../core/graph.js';
import { shapeText } from '../../core/shape.js';
import { ShapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import type { Activation } from '../activations.js';
import { addArgScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs } from '../collections.js';
import { type Initializer, zerosInitializer } from '../initializers.js';
import type { Regularizer } from '../regularizers.js';
import { requireTensor } from '../utils.js';
import { type Reuse, type Scope, variableScope } from '../variable_scope.js';
import { activated, layerVariable, requireInitializer, type VariablesCollections } from './common.js';
import { channelsOf, checkDataFormat, type DataFormat, inChannelsLast } from './data_format.js';

/** Options of `biasAdd`. */
export interface BiasAddOptions {
  activationFn: Activation | null;
  initializer: Initializer;
  regularizer: Regularizer | null;
  reuse: Reuse;
  variablesCollections: VariablesCollections;
  outputsCollections: CollectionNames;
  trainable: boolean;
  dataFormat: DataFormat;
  /** Scope of variables and ops; `BiasAdd`, made unique, when null. */
  scope: Scope;
}

const defaults: BiasAddOptions = {
  activationFn: null,
  initializer: zerosInitializer(),
  regularizer: null,
  reuse: null,
  variablesCollections: null,
  outputsCollections: null,
  trainable: true,
  dataFormat: 'NHWC',
  scope: null,
};

/**
 * Adds the variable `biases` [C] to inputs [..., C] or, in NCHW, [N, C, H, W], then applies an activation.
 * @throws ShapeError unless the rank is at least 2 (NCHW: 4) and C known
 */
export const biasAdd = addArgScope(
  'bias_add',
  defaults,
  (inputs: Tensor, o: BiasAddOptions): Tensor =>
    variableScope(o.scope, { defaultName: 'BiasAdd', reuse: o.reuse }, (sc) => {
      const where = `biasAdd (${sc.name})`;
      requireTensor(inputs, where);
      checkDataFormat(o.dataFormat, where);
      if (o.dataFormat === 'NCHW' && inputs.shape.length !== 4) {
        throw new ShapeError(
          `${where}: data format NCHW only supports inputs of rank 4, received ${shapeText(inputs.shape)}.`,
        );
      }
      requireInitializer(o.initializer, `${where}: initializer`);
      const { initializer, regularizer, trainable, variablesCollections } = o;
      const bias = layerVariable('biases', {
        shape: [channelsOf(inputs.shape, o.dataFormat, 2, where)],
        dtype: inputs.dtype,
        initializer,
        regularizer,
        trainable,
        variablesCollections,
      }).tensor;
      const net = inChannelsLast(
        inputs,
        o.dataFormat,
        'BiasAdd',
        (x, name) => apply(ops.biasAdd, { x, bias }, {}, name).y,
      );
      return collectNamedOutputs(o.outputsCollections, sc.name, activated(net, o.activationFn, where));
    }),
);
