/** TF-Slim's functions under their own names in camelCase: `import { slim } from 'slimnet'`. */
export { type Activation, relu, relu6 } from './activations.js';
export { ArgScope, type ArgScopeKey, type Decorated, addArgScope, argScope, argScopeFunctionKey, argScopedArguments, currentArgScope, hasArgScope } from './arg_scope.js';
export { type CollectionNames, GraphKeys, collectNamedOutputs, convertCollectionToDict } from './collections.js';
export {
  type Initializer,
  constantInitializer,
  onesInitializer,
  randomUniformInitializer,
  truncatedNormalInitializer,
  varianceScalingInitializer,
  xavierInitializer,
  zerosInitializer,
} from './initializers.js';
export * from './layers/index.js';
export * from './math.js';
export type { Options } from './options.js';
export { constant, placeholder } from './placeholder.js';
export { type Regularizer, applyRegularization, l1L2Regularizer, l1Regularizer, l2Regularizer, sumRegularizer } from './regularizers.js';
export { type Size, lastDimension, nPositiveIntegers, twoElementTuple } from './utils.js';
export {
  AUTO_REUSE,
  type CustomGetter,
  type GetVariableOptions,
  type Reuse,
  type Scope,
  VariableScope,
  type VariableScopeOptions,
  getVariable,
  getVariableScope,
  nameScope,
  variableScope,
} from './variable_scope.js';
export * from './variables.js';
