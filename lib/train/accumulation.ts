/** Gradients of several batches for one step. */

import { randomStepName } from '../core/global_step.js';
import { apply, type Graph, type Tensor, type Variable } from '../core/graph.js';
import * as ops from '../ops/index.js';
import { add, multiply } from '../slim/math.js';
import { constant } from '../slim/placeholder.js';
import { counted, type GradientAndVariable } from './apply_gradients.js';
import { addVariable } from './slots.js';

/** What runs for each batch but the last of a step. */
export interface Accumulation {
  /** Batches of a step, the last one included. */
  readonly steps: number;
  /** The loss of a batch; whoever computes it adds the batch's gradients to those that wait. */
  readonly op: Tensor;
  /** The gradients that wait, between the batches of a step. */
  readonly sums: readonly Variable[];
}

/** The nodes that it takes. */
interface AccumulationNodes extends Omit<Accumulation, 'op'> {
  /** The gradients of a whole step, in the run of its last batch. */
  readonly means: readonly GradientAndVariable[];
  /** Updates of the runs before the last one. */
  readonly added: readonly Tensor[];
  /** Updates of the last run, which begin anew. */
  readonly cleared: readonly Tensor[];
}

/**
 * Sums of gradients between the batches of a step; null where a step has one batch. Each sum is a local variable
 * `<variable>/accumulated_gradient`, which checkpoints leave out: between two steps it is 0. What draws numbers must do so anew for
 * each batch, though the global step stands still: it follows a counter of batches, which checkpoints hold.
 */
export function accumulate(
  graph: Graph,
  gradientsAndVariables: readonly GradientAndVariable[],
  steps: number,
): AccumulationNodes | null {
  if (steps === 1) return null;
  const batches = addVariable(graph, randomStepName, { dtype: 'int64', shape: [], initial: 0 });
  graph.addToCollection(randomStepName, batches);
  const sums = gradientsAndVariables.map(([, { name, dtype, shape }]) =>
    addVariable(graph, `${name}/accumulated_gradient`, { dtype, shape, initial: 0, local: true }),
  );
  return graph.withNameScope('accumulate', () => {
    const scaled = gradientsAndVariables.map(([gradient]) => {
      const slope = gradient as Tensor;
      return multiply(slope, constant(1 / steps, { dtype: slope.dtype }));
    });
    const updates = (op: (sum: Variable, part: Tensor) => Tensor) => sums.map((sum, i) => op(sum, scaled[i] as Tensor));
    const zero = (sum: Variable) => constant(0, { dtype: sum.dtype, shape: sum.shape });
    return {
      steps,
      sums,
      means: gradientsAndVariables.map(
        ([, variable], i): GradientAndVariable => [add((sums[i] as Variable).tensor, scaled[i] as Tensor), variable],
      ),
      added: [
        ...updates((sum, part) => apply(ops.assignAdd, { variable: sum.tensor, value: part }, {}, 'AssignAdd').y),
        counted(batches),
      ],
      cleared: [
        ...updates((sum) => apply(ops.assign, { variable: sum.tensor, value: zero(sum) }, {}, 'Assign').y),
        counted(batches),
      ],
    };
  });
}
