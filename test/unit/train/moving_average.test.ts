/** Moving averages of variables. */
import {
  ArgumentError,
  ExponentialMovingAverage,
  Graph,
  optimizers,
  placeholder,
  Session,
  slim,
} from '../../../lib/index.js';
import { linearProblem } from '../../helpers/training.js';

test("has TensorFlow's values with a number of updates", async () => {
  const graph = new Graph();
  const { v, updates, average } = graph.build(() => {
    const variable = slim.variable('v', { shape: [], initializer: slim.constantInitializer(1) });
    const n = placeholder('float32', [], { name: 'n' });
    const averages = new ExponentialMovingAverage(0.9999, { numUpdates: n });
    const op = averages.apply([variable]);
    return { v: variable, updates: op, average: averages.average(variable) };
  });
  expect(average.name).toBe('v/ExponentialMovingAverage');
  expect(average).toMatchObject({ trainable: false, saved: true });
  await using session = await Session.create(graph);
  await session.initialize();
  session.write(v, Float32Array.of(2));
  for (const [n, expected] of [1.9, 1.9818182, 1.9954545].entries()) {
    await session.run({ n: Float32Array.of(n) }, { updates });
    expect(session.read(average)[0]).toBeCloseTo(expected, 6);
  }
});

test.each([
  ['before', true],
  ['after', false],
])('reads what the step has made of the variable, when made %s the train op', async (_, before) => {
  const { graph, w, loss } = linearProblem([1, 2]);
  const averages = new ExponentialMovingAverage(0.5);
  const { trainOp, updates } = graph.build(() => {
    if (before) {
      const op = averages.apply([w]);
      return {
        trainOp: slim.learning.createTrainOp(loss, optimizers.gradientDescent(1), { updateOps: [op] }),
        updates: [],
      };
    }
    const made = slim.learning.createTrainOp(loss, optimizers.gradientDescent(1));
    return { trainOp: made, updates: [averages.apply([w])] };
  });
  await using session = await Session.create(graph);
  await session.initialize();
  await session.run({ gradient: Float32Array.of(1, 1) }, { trainOp }, { updates });
  expect(Array.from(session.read(w) as Float32Array)).toEqual([0, 1]);
  expect(Array.from(session.read(averages.average(w)) as Float32Array)).toEqual([0.5, 1.5]);
});

test('counts the step that is being made, and averages moving statistics', async () => {
  const graph = new Graph();
  const { trainOp, averages, mean, step } = graph.build(() => {
    const x = placeholder('float32', [4, 1], { name: 'x' });
    const net = slim.batchNorm(x, { decay: 0 });
    slim.losses.meanSquaredError(net, x);
    const globalStep = slim.createGlobalStep();
    const made = new ExponentialMovingAverage(0.99, { numUpdates: globalStep });
    const statistic = graph.variable('BatchNorm/moving_mean');
    const op = made.apply([statistic]);
    const updateOps = [...graph.getCollection<typeof op>('update_ops'), op];
    return {
      trainOp: slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizers.gradientDescent(0.1), { updateOps }),
      averages: made,
      mean: statistic,
      step: globalStep,
    };
  });
  await using session = await Session.create(graph);
  await session.initialize();
  await session.run({ x: Float32Array.of(1, 2, 3, 4) }, { trainOp });
  expect(session.read(step)[0]).toBe(1n);
  expect(session.read(mean)[0]).toBeCloseTo(2.5, 6);
  // (1 + 1) / (10 + 1) of the average stays.
  expect(session.read(averages.average(mean))[0]).toBeCloseTo((2.5 * 9) / 11, 6);
});

test('says which tensor each variable is restored from', () => {
  const { graph, w } = linearProblem([1]);
  graph.build(() => {
    const other = slim.globalVariable(1, { name: 'other' });
    const averages = new ExponentialMovingAverage(0.9, { name: 'EMA' });
    expect(averages.averageName(w)).toBe('w/EMA');
    expect(averages.variablesToRestore()).toEqual({ 'w/EMA': w, other });
    averages.apply();
    expect(averages.variablesToRestore()).toMatchObject({ 'w/EMA': averages.average(w) === w ? null : w, other });
    expect(() => averages.apply([w])).toThrow(/w has a moving average already/);
    expect(() => averages.average(other)).toThrow(/other has no average/);
    expect(() => averages.apply([])).toThrow(/no variables to average/);
    expect(() => new ExponentialMovingAverage(2)).toThrow(ArgumentError);
  });
});
