/** Which variable of a graph counts its training steps. */
import { ShapeError } from '../errors.js';
import type { Graph, Tensor, Variable } from './graph.js';
import { shapeText } from './shape.js';

/** Name of the collection of the counter, and of the counter itself. */
export const globalStepName = 'global_step';

/** Name of the counter of batches where a step has several, and of the collection that holds it. */
export const randomStepName = 'slimnet/state/batches';

/** What random ops follow besides their seed: the counter of batches where there is one, else the global step; null without either. */
export function randomStepOf(graph: Graph): Variable | null {
  return graph.getCollection<Variable>(randomStepName)[0] ?? globalStepOf(graph);
}

/**
 * The step counter of a graph: the one variable of the collection `global_step`, else the variable of that name; null when there
 * is none, or several.
 * @throws ShapeError when it is no integer or no scalar
 */
export function globalStepOf(graph: Graph): Variable | null {
  const collected = graph.getCollection<Variable>(globalStepName);
  if (collected.length > 1) return null;
  const step = collected[0] ?? graph.variables.get(globalStepName) ?? null;
  if (step !== null) assertGlobalStep(step);
  return step;
}

/** @throws ShapeError unless the step is an integer scalar */
export function assertGlobalStep(step: Variable | Tensor): void {
  if (!/^u?int/.test(step.dtype))
    throw new ShapeError(`Existing "${globalStepName}" does not have integer type: ${step.dtype}.`, {
      node: step.name,
    });
  if (step.shape.length !== 0)
    throw new ShapeError(`Existing "${globalStepName}" is not scalar: ${shapeText(step.shape)}.`, { node: step.name });
}
