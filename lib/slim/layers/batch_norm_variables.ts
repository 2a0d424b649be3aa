/** The variables of a batch normalization. */
import type { DType } from '../../core/dtype.js';
import type { Tensor, Variable } from '../../core/graph.js';
import { GraphKeys } from '../collections.js';
import { getVariable } from '../get_variable.js';
import { type Initializer, onesInitializer, zerosInitializer } from '../initializers.js';
import { constant } from '../placeholder.js';
import { variableScope } from '../variable_scope.js';
import type { BatchNormOptions } from './batch_norm.js';
import { layerVariable, requireFunction, requireInitializer } from './common.js';

/** What the channels of an input ask of the variables: one for each, of the input's dtype. */
export interface Channels {
  readonly count: number;
  readonly dtype: DType;
}

/** `gamma` and `beta`, or the constants that stand for them; in the usual case `gamma` is made first. */
export function affine(
  { count, dtype }: Channels,
  o: BatchNormOptions,
  gammaFirst: boolean,
  where: string,
): { readonly offset: Tensor; readonly scale: Tensor } {
  const parameter = (name: 'beta' | 'gamma', fallback: Initializer) => {
    const initializer = o.paramInitializers?.[name] ?? fallback;
    const regularizer = o.paramRegularizers?.[name] ?? null;
    requireInitializer(initializer, `${where}: paramInitializers: ${name}`);
    requireFunction(regularizer, `${where}: paramRegularizers: ${name}`);
    return layerVariable(name, {
      shape: [count],
      dtype,
      initializer,
      regularizer,
      trainable: o.trainable,
      variablesCollections: o.variablesCollections,
    }).tensor;
  };
  const makeScale = () => (o.scale ? parameter('gamma', onesInitializer()) : constant(1, { dtype, shape: [count] }));
  const makeOffset = () => (o.center ? parameter('beta', zerosInitializer()) : constant(0, { dtype, shape: [count] }));
  if (gammaFirst) {
    const scale = makeScale();
    return { scale, offset: makeOffset() };
  }
  const offset = makeOffset();
  return { offset, scale: makeScale() };
}

/** The moving mean (0 at first) or the moving variance (1 at first). */
export function statistic(
  name: 'moving_mean' | 'moving_variance',
  { count, dtype }: Channels,
  o: BatchNormOptions,
): Variable {
  const fallback = name === 'moving_mean' ? zerosInitializer() : onesInitializer();
  const initializer = o.paramInitializers?.[name] ?? fallback;
  return layerVariable(name, {
    shape: [count],
    dtype,
    initializer,
    trainable: false,
    variablesCollections: o.variablesCollections,
  });
}

/** The average before its correction and the number of updates, below the full name of the mean inside the current scope. */
export function debiasing(mean: Variable, fused: boolean): { readonly biased: Tensor; readonly local_step: Tensor } {
  const options = {
    dtype: mean.dtype,
    initializer: zerosInitializer(),
    trainable: false,
    collections: fused ? [GraphKeys.globalVariables] : [GraphKeys.globalVariables, GraphKeys.modelVariables],
  } as const;
  return variableScope(mean.name, () => ({
    biased: getVariable('biased', { ...options, shape: mean.shape }).tensor,
    local_step: getVariable('local_step', { ...options, shape: [] }).tensor,
  }));
}
