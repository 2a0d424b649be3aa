/** What the tests of the metrics share. */
import type { TypedArray } from '../../../lib/core/dtype.js';
import type { Graph, Tensor, Variable } from '../../../lib/core/graph.js';
import { GraphKeys } from '../../../lib/slim/collections.js';
import type * as slim from '../../../lib/slim/index.js';
import { type Device, type Feeds, withSession } from '../numbers.js';

/** Names of the variables that hold a metric's counts; they must be local and nothing else. */
export function metricVariables(graph: Graph): string[] {
  const names = (collection: string) => graph.getCollection<Variable>(collection).map((v) => v.name);
  expect(names(GraphKeys.localVariables)).toEqual(names(GraphKeys.metricVariables));
  expect(names(GraphKeys.globalVariables)).toEqual([]);
  expect(names(GraphKeys.trainableVariables)).toEqual([]);
  return names(GraphKeys.metricVariables);
}

/** What each run of the update gives for one batch after the other, and the value at the end. */
export function stream(
  graph: Graph,
  device: Device,
  metric: slim.metrics.StreamingMetric,
  batches: readonly Feeds[],
): Promise<{ readonly updates: number[][]; readonly value: number[] }> {
  return withSession(graph, device, async (session) => {
    await session.initialize();
    const read = async (feeds: Feeds, y: Tensor) => {
      const { y: result } = await session.run(feeds, { y });
      return Array.from(result.data as Iterable<number>, Number);
    };
    const updates: number[][] = [];
    for (const feeds of batches) updates.push(await read(feeds, metric.update));
    return { updates, value: await read({}, metric.value) };
  });
}

/** A batch for each row: the elements of `name` in this shape. */
export function batches(
  name: string,
  shape: readonly number[],
  rows: readonly (readonly number[])[],
  make: (values: readonly number[]) => TypedArray,
): Feeds[] {
  return rows.map((values) => ({ [name]: { data: make(values), shape } }));
}

/** Feeds of several inputs, batch by batch. */
export function together(...inputs: readonly (readonly Feeds[])[]): Feeds[] {
  return (inputs[0] ?? []).map((_, i) => Object.assign({}, ...inputs.map((input) => input[i])) as Feeds);
}

export const floats = (values: readonly number[]): Float32Array => new Float32Array(values);
export const int32s = (values: readonly number[]): Int32Array => new Int32Array(values);
