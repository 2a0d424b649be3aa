import { apply, type Tensor } from '../../core/graph.js';
import * as ops from '../../ops/index.js';
import { type Activation, relu } from '../activations.js';
import { addArgScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs } from '../collections.js';
import { type Initializer, xavierInitializer, zerosInitializer } from '../initializers.js';
import type { Options } from '../options.js';
import type { Regularizer } from '../regularizers.js';
import { lastDimension, positiveInteger, requireTensor } from '../utils.js';
import { type Reuse, type Scope, variableScope } from '../variable_scope.js';
import { activated, type Normalizer, requireFunction, type VariablesCollections } from './common.js';
import { addBiases, makeWeights } from './weights.js';

/** Options of `fullyConnected`. */
export interface FullyConnectedOptions {
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
  /** Scope of variables and ops; `fully_connected`, made unique, when null. */
  scope: Scope;
}

const defaults: FullyConnectedOptions = {
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
 * A product with `weights` over the last axis, then biases or a normalizer, then an activation.
 * @param inputs [..., C]; the rank is kept
 * @returns [..., numOutputs]; the variables are `weights` [C, numOutputs] and, without a normalizer, `biases` [numOutputs]
 * @throws ShapeError unless the rank is at least 2 and C known; ArgumentError for bad options
 */
export const fullyConnected = addArgScope(
  'fully_connected',
  defaults,
  (inputs: Tensor, numOutputs: number, o: FullyConnectedOptions): Tensor =>
    variableScope(o.scope, { defaultName: 'fully_connected', reuse: o.reuse }, (sc) => {
      const where = `fullyConnected (${sc.name})`;
      requireTensor(inputs, where);
      requireFunction(o.normalizerFn, `${where}: normalizerFn`);
      const outputs = positiveInteger(numOutputs, `${where}: numOutputs`);
      const weights = makeWeights([lastDimension(inputs.shape, 2), outputs], inputs.dtype, o, where);
      const product = apply(ops.matmul, { x: inputs, y: weights }, {}, 'MatMul').z;
      const net =
        o.normalizerFn === null
          ? addBiases(product, 'NHWC', o, where)
          : o.normalizerFn(product, (o.normalizerParams ?? {}) as never);
      return collectNamedOutputs(o.outputsCollections, sc.name, activated(net, o.activationFn, where));
    }),
);

/** `fullyConnected` without an activation. */
export const linear: Linear = Object.defineProperty(
  (inputs: Tensor, numOutputs: number, options: Options<Omit<FullyConnectedOptions, 'activationFn'>> = {}): Tensor =>
    fullyConnected(inputs, numOutputs, { activationFn: null, ...options }),
  'name',
  // Slim's is a partial application, of which `repeat` and `stack` take the name of what is applied.
  { value: fullyConnected.name },
);

type Linear = (
  inputs: Tensor,
  numOutputs: number,
  options?: Options<Omit<FullyConnectedOptions, 'activationFn'>>,
) => Tensor;
