/** TF-Slim's functions under their own names in camelCase: `import { slim } from 'slimnet'`. */
export { type Activation, elu, relu, relu6, sigmoid } from './activations.js';
export {
  ArgScope,
  type ArgScopeKey,
  addArgScope,
  argScope,
  argScopedArguments,
  argScopeFunctionKey,
  currentArgScope,
  type Decorated,
  hasArgScope,
} from './arg_scope.js';
export { type CollectionNames, collectNamedOutputs, convertCollectionToDict, GraphKeys } from './collections.js';
export { type CustomGetter, type GetVariableOptions, getVariable, type VariableGetter } from './get_variable.js';
export * from './global_step.js';
export {
  constantInitializer,
  type Initializer,
  onesInitializer,
  randomUniformInitializer,
  truncatedNormalInitializer,
  varianceScalingInitializer,
  xavierInitializer,
  xavierInitializer as xavierInitializerConv2d,
  zerosInitializer,
} from './initializers.js';
export * from './layers/index.js';
export * as losses from './losses/index.js';
export * from './math.js';
export * as metrics from './metrics/index.js';
export type { NestedValues } from './nested_values.js';
export type { Options } from './options.js';
export { constant, placeholder } from './placeholder.js';
export {
  applyRegularization,
  l1L2Regularizer,
  l1Regularizer,
  l2Regularizer,
  type Regularizer,
  sumRegularizer,
} from './regularizers.js';
export { lastDimension, nPositiveIntegers, type Size, twoElementTuple } from './utils.js';
export * from './variable_queries.js';
export {
  AUTO_REUSE,
  getVariableScope,
  nameScope,
  type Reuse,
  type Scope,
  type VariableDefaults,
  VariableScope,
  type VariableScopeOptions,
  variableScope,
} from './variable_scope.js';
export * from './variables.js';
