/** Small graphs for the tests of the runtime. */
import type { DType, TypedArray } from '../../lib/core/dtype.js';
import { apply, Graph, type Tensor, type Variable } from '../../lib/core/graph.js';
import * as ops from '../../lib/ops/index.js';

/** A placeholder. */
export function placeholder(
  graph: Graph,
  name: string,
  shape: readonly (number | null)[],
  dtype: DType = 'float32',
): Tensor {
  return graph.add(ops.input, [], { name }, { name, types: [{ dtype, shape }] }).outputs[0] as Tensor;
}

/** A variable whose initial values are all `initial`. */
export function variable(graph: Graph, name: string, shape: readonly number[], initial: number): Variable {
  const initialValue = (dimensions: readonly number[]): TypedArray => {
    return new Float32Array(dimensions.reduce((a, b) => a * b, 1)).fill(initial);
  };
  return graph.addVariable({ name, dtype: 'float32', shape, trainable: true, initialValue }, (v) => {
    const options = { name: `${name}/read`, types: [{ dtype: 'float32' as const, shape }], variable: v as Variable };
    return graph.add(ops.variable, [], { name }, options).outputs[0] as Tensor;
  });
}

export interface ScaleGraph {
  readonly graph: Graph;
  readonly x: Tensor;
  readonly w: Variable;
  /** x * w */
  readonly y: Tensor;
}

/** y = x * w for x of shape [?, 4] and w of shape [4], initially 2. */
export function scaleGraph(): ScaleGraph {
  const graph = new Graph();
  const x = placeholder(graph, 'x', [null, 4]);
  const w = variable(graph, 'w', [4], 2);
  const y = apply(ops.mul, { x, y: w.tensor }, {}, 'y').z;
  return { graph, x, w, y };
}

export interface AverageGraph extends ScaleGraph {
  /** Moves w half of the way to x, which has shape [4]. */
  readonly update: Tensor;
}

/** y = x * w, and an update op that changes w. */
export function averageGraph(): AverageGraph {
  const graph = new Graph();
  const x = placeholder(graph, 'x', [4]);
  const w = variable(graph, 'w', [4], 2);
  const y = apply(ops.mul, { x, y: w.tensor }, {}, 'y').z;
  const update = apply(ops.assignMovingAverage, { variable: w.tensor, value: x }, { decay: 0.5 }, 'update').y;
  return { graph, x, w, y, update };
}

/** `layers` convolutions of 3x3 over [1, size, size, 8], one after the other: long, and endable after each of them. */
export function longGraph(layers: number, size: number): { graph: Graph; x: Tensor; y: Tensor; feed: Float32Array } {
  const graph = new Graph();
  const x = placeholder(graph, 'x', [1, size, size, 8]);
  let y = x;
  for (let i = 0; i < layers; i++) {
    const filter = variable(graph, `w${i}`, [3, 3, 8, 8], 1 / 72);
    y = apply(
      ops.conv2d,
      { x: y, filter: filter.tensor },
      { strides: [1, 1], dilations: [1, 1], padding: 'SAME', pads: [0, 0, 0, 0] },
      `conv${i}`,
    ).y;
  }
  return { graph, x, y, feed: new Float32Array(size * size * 8).fill(1) };
}
