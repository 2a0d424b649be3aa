/** Small training runs. */
import { Graph, type Optimizer, placeholder, Session, slim, type Tensor, type Variable } from '../../lib/index.js';

/** A variable with given first values, and a loss whose gradient is what is fed as `gradient`. */
export interface LinearProblem {
  readonly graph: Graph;
  readonly w: Variable;
  readonly loss: Tensor;
}

/** loss = sum(w gradient), so that each step has the gradient that it is fed. */
export function linearProblem(values: readonly number[], dtype: 'float32' | 'float64' = 'float32'): LinearProblem {
  const graph = new Graph();
  return graph.build(() => {
    const w = slim.variable('w', { shape: [values.length], dtype, initializer: slim.constantInitializer(values) });
    const gradient = placeholder(dtype, [values.length], { name: 'gradient' });
    return { graph, w, loss: slim.reduceSum(slim.multiply(w.tensor, gradient)) };
  });
}

/** w after each of some steps with one gradient, on a device. */
export async function optimized(
  optimizer: Optimizer,
  options: {
    device?: string;
    steps?: number;
    w?: readonly number[];
    gradient?: readonly number[];
    dtype?: 'float32' | 'float64';
  } = {},
): Promise<number[][]> {
  const { steps = 3, w: first = [1, 2], gradient = [0.1, -0.2], dtype = 'float32' } = options;
  // Only reference computes in float64.
  const { device = dtype === 'float32' ? 'cpu' : 'reference' } = options;
  const { graph, w, loss } = linearProblem(first, dtype);
  const trainOp = slim.learning.createTrainOp(loss, optimizer);
  await using session = await Session.create(graph, { device, threads: 1 });
  await session.initialize();
  const results: number[][] = [];
  const feeds = { gradient: dtype === 'float32' ? Float32Array.from(gradient) : Float64Array.from(gradient) };
  for (let step = 0; step < steps; step++) {
    await session.run(feeds, { trainOp });
    results.push(Array.from(session.read(w) as Float32Array));
  }
  return results;
}
