/** Values of metrics over several batches that the real tf_slim computed (test/golden/metrics.json). */
import type { TypedArray } from '../../../lib/core/dtype.js';
import { Graph, type Tensor, type Variable } from '../../../lib/core/graph.js';
import * as slim from '../../../lib/slim/index.js';
import { type InputSpec, valuesOf } from '../../conformance/cases.js';
import { devices, withSession } from '../numbers.js';
import { golden } from '../support.js';
import { metricVariables } from './support.js';

interface GoldenMetric {
  readonly id: string;
  readonly metric: string;
  readonly inputs: readonly InputSpec[];
  readonly weights: InputSpec | null;
  readonly arguments: readonly number[];
  readonly names: readonly [value: string, update: string];
  readonly variables: readonly (readonly [name: string, shape: readonly number[]])[];
  readonly steps: readonly (readonly [update: readonly number[], value: readonly number[]])[];
}

type AnyMetric = (...args: readonly unknown[]) => slim.metrics.StreamingMetric;

const camel = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

describe.each(devices)('on %s', (device) => {
  const { cases } = golden<{ cases: readonly GoldenMetric[] }>('metrics.json');
  test.each(cases.map((item) => [item.id, item] as const))('%s', async (_, item) => {
    const graph = new Graph();
    const fed = item.weights === null ? item.inputs : [...item.inputs, item.weights];
    const metric = graph.build(() => {
      const tensors = fed.map(({ shape, dtype = 'float32' }, i) => slim.placeholder(dtype, shape, { name: `x${i}` }));
      const functions = slim.metrics as unknown as Readonly<Record<string, AnyMetric>>;
      return (functions[camel(item.metric)] as AnyMetric)(
        ...tensors.slice(0, item.inputs.length),
        ...item.arguments,
        item.weights === null ? {} : { weights: tensors[item.inputs.length] },
      );
    });
    // TensorFlow gives the results of mean_iou no names of their own.
    if (item.metric !== 'streaming_mean_iou') expect([metric.value.name, metric.update.name]).toEqual(item.names);
    expect(metricVariables(graph)).toEqual(item.variables.map(([name]) => name));
    expect(graph.getCollection<Variable>('local_variables').map((v) => v.shape)).toEqual(
      item.variables.map(([, shape]) => shape),
    );
    await withSession(graph, device, async (session) => {
      await session.initialize();
      const read = async (feeds: Readonly<Record<string, { data: TypedArray; shape: readonly number[] }>>, y: Tensor) =>
        Array.from((await session.run(feeds, { y })).y.data as Iterable<number>, Number);
      for (const [batch, [update, value]] of item.steps.entries()) {
        if (batch > 0) {
          const feeds = fed.map((spec, i) => [
            `x${i}`,
            { data: valuesOf({ ...spec, k: (spec.k ?? 0) + batch - 1 }), shape: spec.shape },
          ]);
          expectClose(await read(Object.fromEntries(feeds), metric.update), update);
        }
        expectClose(await read({}, metric.value), value);
      }
    });
  });
});

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, v] of actual.entries()) {
    const e = expected[i] as number;
    expect(Math.abs(v - e)).toBeLessThanOrEqual(1e-5 * Math.abs(e) + 1e-6);
  }
}
