/** What TF-Slim's AggregateMetricsTest and AggregateMetricMapTest assert, and metrics in sessions. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Variable } from '../../../lib/core/graph.js';
import { ArgumentError, ExecutionError, PlanError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices, numbers, withSession } from '../numbers.js';
import { build, inGraph } from '../support.js';

const { aggregateMetricMap, aggregateMetrics, streamingMean, streamingMeanAbsoluteError, streamingMeanSquaredError } =
  slim.metrics;

const ones = () => slim.constant(1, { shape: [10, 4] });
const threes = () => slim.constant(3, { shape: [10, 4] });

test('testAggregateNoMetricsRaisesValueError', () => {
  expect(() => inGraph(() => aggregateMetrics())).toThrow(ArgumentError);
  expect(() => inGraph(() => aggregateMetricMap({}))).toThrow(ArgumentError);
});

describe.each(devices)('on %s', (device) => {
  test('testAggregateMultipleMetricsReturnsListsInOrder', async () => {
    const { graph, value } = build(() =>
      aggregateMetrics(streamingMeanAbsoluteError(ones(), threes()), streamingMeanSquaredError(ones(), threes())),
    );
    await withSession(graph, device, async (session) => {
      await session.initialize();
      const [a, b] = value.updates as [slim.metrics.StreamingMetric['update'], slim.metrics.StreamingMetric['update']];
      expect(numbers(await session.run({}, { a, b }))).toMatchObject({ a: { data: [2] }, b: { data: [4] } });
      const [c, d] = value.values as [typeof a, typeof b];
      expect(numbers(await session.run({}, { c, d }))).toMatchObject({ c: { data: [2] }, d: { data: [4] } });
    });
  });

  test('AggregateMetricMapTest: names lead to values and updates; updates need not be fetched', async () => {
    const { graph, value } = build(() =>
      aggregateMetricMap({
        m1: streamingMeanAbsoluteError(ones(), threes()),
        m2: streamingMeanSquaredError(ones(), threes()),
      }),
    );
    await withSession(graph, device, async (session) => {
      await session.initialize();
      await session.run({}, {}, { updates: Object.values(value.updates) });
      expect(numbers(await session.run({}, value.values))).toMatchObject({ m1: { data: [2] }, m2: { data: [4] } });
    });
  });

  test('a run sees the counts from before it, and initialize counts anew', async () => {
    const { graph, value } = build(() => ({
      weights: slim.variable('w', { shape: [2], initializer: slim.constantInitializer(5) }),
      metric: streamingMean(slim.placeholder('float32', [null], { name: 'x' })),
    }));
    const x = (...values: number[]) => ({ x: { data: new Float32Array(values), shape: [values.length] } });
    await withSession(graph, device, async (session) => {
      await expect(session.run({}, { v: value.metric.value })).rejects.toThrow(ExecutionError);
      await session.initialize();
      const both = { update: value.metric.update, value: value.metric.value };
      expect(numbers(await session.run(x(1, 3), both))).toMatchObject({ update: { data: [2] }, value: { data: [0] } });
      expect(numbers(await session.run(x(8), both))).toMatchObject({ update: { data: [4] }, value: { data: [2] } });
      session.write(value.weights, new Float32Array([1, 2]));
      await session.initialize({ variables: graph.getCollection<Variable>('local_variables') });
      expect(numbers(await session.run({}, { v: value.metric.value }))).toMatchObject({ v: { data: [0] } });
      expect(Array.from(session.read('w') as Float32Array)).toEqual([1, 2]);
    });
  });

  test('checkpoints leave the counts out', async () => {
    const { graph } = build(() => {
      slim.variable('w', { shape: [2], initializer: slim.constantInitializer(5) });
      return streamingMean(slim.placeholder('float32', [null], { name: 'x' }));
    });
    const folder = await mkdtemp(join(tmpdir(), 'slimnet-metrics-'));
    try {
      await withSession(graph, device, async (session) => {
        await session.initialize();
        await session.save(join(folder, 'model.ckpt'));
        session.write('mean/count', new Float32Array([7]));
        const plan = await session.restore(join(folder, 'model.ckpt'));
        expect(plan.assignments.map(({ variable }) => variable.name)).toEqual(['w']);
        expect(Array.from(session.read('mean/count') as Float32Array)).toEqual([7]);
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test('an update that changes no variable is refused', async () => {
  const { graph, value } = build(() => streamingMean(slim.constant(1)));
  await withSession(graph, 'reference', async (session) => {
    await session.initialize();
    await expect(session.run({}, {}, { updates: [value.value] })).rejects.toThrow(PlanError);
  });
});
