/** What Slim does with gradients before they are applied. */
import { describe } from '../core/dtype.js';
import { apply, Tensor, type Variable } from '../core/graph.js';
import { ArgumentError } from '../errors.js';
import * as ops from '../ops/index.js';
import { cast, divide, maximum, multiply, sqrt } from '../slim/math.js';
import { constant } from '../slim/placeholder.js';
import type { GradientAndVariable } from './apply_gradients.js';
import { checkPositive } from './schedules/schedule.js';

/** Factors of gradients: by variable, or by the name of one. */
export type GradientMultipliers =
  | ReadonlyMap<Variable | string, number | Tensor>
  | Readonly<Record<string, number | Tensor>>;

/**
 * Multiplies the gradients of some variables.
 * @throws ArgumentError for what is no list of gradients, for no multipliers, and for one whose variable is not there or has no gradient
 */
export function multiplyGradients(
  gradientsAndVariables: readonly GradientAndVariable[],
  gradientMultipliers: GradientMultipliers,
): GradientAndVariable[] {
  const where = 'multiplyGradients';
  checkList(gradientsAndVariables, where);
  const multipliers = asMap(gradientMultipliers, where);
  const used = new Set<Variable | string>();
  const results = gradientsAndVariables.map(([gradient, variable]): GradientAndVariable => {
    const key = [variable, variable.name].find((name) => multipliers.has(name));
    if (key === undefined) return [gradient, variable];
    used.add(key);
    if (gradient === null)
      throw new ArgumentError(`${where}: requested multiple of a gradient that is null.`, { node: variable.name });
    const factor = multipliers.get(key) as number | Tensor;
    const { dtype } = gradient;
    const scale = () => (factor instanceof Tensor ? cast(factor, dtype) : constant(factor, { dtype }));
    return [gradient.graph.build(() => multiply(gradient, scale())), variable];
  });
  const unused = [...multipliers.keys()].find((key) => !used.has(key));
  if (unused !== undefined) {
    const name = typeof unused === 'string' ? unused : unused.name;
    throw new ArgumentError(`${where}: ${name} is none of the variables that have gradients.`, { node: name });
  }
  return results;
}

/**
 * Scales each gradient g by maxNorm / max(|g|, maxNorm): each by its own norm over all of its elements.
 * @throws ArgumentError for what is no list of gradients, and for a norm that is not above 0
 */
export function clipGradientNorms(
  gradientsAndVariables: readonly GradientAndVariable[],
  maxNorm: number,
): GradientAndVariable[] {
  checkList(gradientsAndVariables, 'clipGradientNorms');
  checkPositive('clipGradientNorms', 'maxNorm', maxNorm);
  return gradientsAndVariables.map(([gradient, variable]) => [
    gradient === null ? null : clipByNorm(gradient, maxNorm),
    variable,
  ]);
}

function clipByNorm(gradient: Tensor, most: number): Tensor {
  const { graph, dtype } = gradient;
  return graph.build(() =>
    graph.withNameScope('clip_by_norm', () => {
      const limit = constant(most, { dtype });
      // l2_loss is half of the sum of squares.
      const squares = multiply(apply(ops.l2Loss, { x: gradient }, {}).y, constant(2, { dtype }));
      return multiply(gradient, divide(limit, maximum(sqrt(squares), limit)));
    }),
  );
}

function checkList(list: unknown, where: string): void {
  if (!Array.isArray(list))
    throw new ArgumentError(`${where}: gradientsAndVariables: expected a list of pairs, received ${describe(list)}.`);
}

function asMap(given: unknown, where: string): ReadonlyMap<Variable | string, number | Tensor> {
  const map =
    given instanceof Map
      ? (given as ReadonlyMap<Variable | string, unknown>)
      : typeof given === 'object' && given !== null && !Array.isArray(given)
        ? new Map<Variable | string, unknown>(Object.entries(given))
        : null;
  if (map === null || map.size === 0)
    throw new ArgumentError(
      `${where}: gradientMultipliers: expected factors by variable, and at least one, received ${describe(given)}.`,
    );
  for (const [key, factor] of map) {
    if (typeof factor !== 'number' && !(factor instanceof Tensor)) {
      const name = typeof key === 'string' ? key : key.name;
      throw new ArgumentError(`${where}: ${name}: expected a number or a tensor, received ${describe(factor)}.`);
    }
  }
  return map as ReadonlyMap<Variable | string, number | Tensor>;
}
