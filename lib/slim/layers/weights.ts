import { apply, type Tensor } from '../../core/graph.js';
import type { ConcreteShape } from '../../core/shape.js';
import * as ops from '../../ops/index.js';
import type { Initializer } from '../initializers.js';
import type { Regularizer } from '../regularizers.js';
import {
  layerVariable,
  requireBoolean,
  requireFunction,
  requireInitializer,
  type VariablesCollections,
} from './common.js';
import { channelsOf, type DataFormat, inChannelsLast } from './data_format.js';

/** The options of a layer with weights and biases that concern them. */
export interface WeightsOptions {
  readonly weightsInitializer: Initializer;
  readonly weightsRegularizer: Regularizer | null;
  readonly biasesInitializer: Initializer | null;
  readonly biasesRegularizer: Regularizer | null;
  readonly variablesCollections: VariablesCollections;
  readonly trainable: boolean;
}

/** The variable `weights` of the current scope. */
export function makeWeights(shape: ConcreteShape, dtype: Tensor['dtype'], o: WeightsOptions, where: string): Tensor {
  requireInitializer(o.weightsInitializer, `${where}: weightsInitializer`);
  requireFunction(o.weightsRegularizer, `${where}: weightsRegularizer`);
  requireBoolean(o.trainable, `${where}: trainable`);
  return layerVariable('weights', {
    shape,
    dtype,
    initializer: o.weightsInitializer,
    regularizer: o.weightsRegularizer,
    coreName: 'kernel',
    trainable: o.trainable,
    variablesCollections: o.variablesCollections,
  }).tensor;
}

/** x plus the variable `biases` of the current scope, which starts with the biases' initializer; x itself without one. */
export function addBiases(x: Tensor, format: DataFormat, o: WeightsOptions, where: string): Tensor {
  if (o.biasesInitializer === null) return x;
  requireInitializer(o.biasesInitializer, `${where}: biasesInitializer`);
  requireFunction(o.biasesRegularizer, `${where}: biasesRegularizer`);
  const bias = layerVariable('biases', {
    shape: [channelsOf(x.shape, format, 1, where)],
    dtype: x.dtype,
    initializer: o.biasesInitializer,
    regularizer: o.biasesRegularizer,
    coreName: 'bias',
    trainable: o.trainable,
    variablesCollections: o.variablesCollections,
  }).tensor;
  return inChannelsLast(x, format, 'BiasAdd', (y, name) => apply(ops.biasAdd, { x: y, bias }, {}, name).y);
}
