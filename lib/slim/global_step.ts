import { assertGlobalStep, globalStepName, globalStepOf } from '../core/global_step.js';
import { currentGraph, type Graph, type Tensor, type Variable } from '../core/graph.js';
import { ScopeError } from '../errors.js';
import { GraphKeys } from './collections.js';
import { getVariable } from './get_variable.js';
import { zerosInitializer } from './initializers.js';
import { VariableScope, variableScope } from './variable_scope.js';

export { assertGlobalStep } from '../core/global_step.js';

/**
 * The step counter of a graph: the one variable of the collection `global_step`, else the variable of that name; null when there
 * is none, or several.
 * @throws ShapeError when it is no integer or no scalar
 */
export function getGlobalStep(graph: Graph = currentGraph()): Variable | null {
  return globalStepOf(graph);
}

/** Makes the step counter: `global_step`, int64, 0 at first, not trained. @throws ScopeError when there is one */
export function createGlobalStep(graph: Graph = currentGraph()): Variable {
  if (getGlobalStep(graph) !== null)
    throw new ScopeError(`"${globalStepName}" already exists.`, { node: globalStepName });
  return graph.build(() =>
    atRoot(() =>
      getVariable(globalStepName, {
        shape: [],
        dtype: 'int64',
        initializer: zerosInitializer(),
        trainable: false,
        collections: [GraphKeys.globalVariables, GraphKeys.globalStep],
      }),
    ),
  );
}

/** The step counter, made when there is none. */
export function getOrCreateGlobalStep(graph: Graph = currentGraph()): Variable {
  return getGlobalStep(graph) ?? createGlobalStep(graph);
}

/** The given step, checked; without one, that of the graph. @throws ShapeError */
export function assertOrGetGlobalStep(
  graph: Graph = currentGraph(),
  step: Variable | Tensor | null = null,
): Variable | Tensor | null {
  if (step === null) return getGlobalStep(graph);
  assertGlobalStep(step);
  return step;
}

/** The counter's name has no prefix, whatever scope it is first asked for in. */
function atRoot<R>(body: () => R): R {
  return variableScope(new VariableScope('', '', null), body);
}
