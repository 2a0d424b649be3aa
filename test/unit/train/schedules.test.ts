/** Schedules: values that TensorFlow made, in JavaScript and in the plan. */
import { ArgumentError, Graph, type Schedule, Session, schedules, slim } from '../../../lib/index.js';
import { scheduleTensor } from '../../../lib/train/schedules/schedule.js';

const staircase = schedules.exponentialDecay(0.01, 100, 0.94, { staircase: true });
const line = schedules.polynomialDecay(0.01, 100, { endLearningRate: 1e-4 });

/** Values at some steps. */
const values: readonly (readonly [string, Schedule, Readonly<Record<number, number>>])[] = [
  ['constant', schedules.constant(0.1), { 0: 0.1, 1000: 0.1 }],
  ['exponentialDecay by steps', staircase, { 99: 0.01, 100: 0.0094, 250: 0.008836, 1000: 0.005386151 }],
  ['exponentialDecay', schedules.exponentialDecay(0.01, 100, 0.94), { 0: 0.01, 50: 0.01 * 0.94 ** 0.5, 100: 0.0094 }],
  ['polynomialDecay', line, { 0: 0.01, 99: 1.990005e-4, 100: 1e-4, 1000: 1e-4 }],
  [
    'polynomialDecay that begins anew',
    schedules.polynomialDecay(0.01, 100, { endLearningRate: 0, power: 2, cycle: true }),
    { 0: 0.01, 50: 0.0025, 100: 0, 150: 0.01 * 0.25 ** 2, 200: 0 },
  ],
  ['cosineDecay', schedules.cosineDecay(0.1, 100), { 0: 0.1, 50: 0.05, 100: 0, 200: 0 }],
  ['cosineDecay to a part', schedules.cosineDecay(0.1, 100, { alpha: 0.2 }), { 0: 0.1, 50: 0.06, 100: 0.02 }],
  [
    'piecewiseConstant',
    schedules.piecewiseConstant([10, 20], [1, 0.5, 0.1]),
    { 0: 1, 10: 1, 11: 0.5, 20: 0.5, 21: 0.1 },
  ],
  ['warmup', schedules.warmup(staircase, 200), { 0: 0, 50: 0.0025, 100: 0.005, 190: 0.0094, 300: 0.01 * 0.94 ** 3 }],
  ['warmup to a number', schedules.warmup(0.1, 10), { 0: 0, 5: 0.05, 10: 0.1, 20: 0.1 }],
];

test.each(values)('%s', async (_, schedule, expected) => {
  const graph = new Graph();
  const step = slim.createGlobalStep(graph);
  const rate = graph.build(() => scheduleTensor(schedule, step));
  await using session = await Session.create(graph, { device: 'reference' });
  for (const [at, value] of Object.entries(expected)) {
    expect(Math.abs(schedule.at(Number(at)) - value)).toBeLessThanOrEqual(2e-7 * Math.max(value, 0.01));
    session.write(step, BigInt64Array.of(BigInt(at)));
    const { data } = (await session.run({}, { rate })).rate;
    expect(data[0]).toBe(schedule.at(Number(at)));
  }
});

test('are data', () => {
  expect({ ...schedules.warmup(staircase, 200) }).toEqual({ kind: 'warmup', schedule: staircase, steps: 200 });
  expect(JSON.stringify(line)).toBe(
    '{"kind":"polynomialDecay","learningRate":0.01,"decaySteps":100,"endLearningRate":0.0001,"power":1,"cycle":false}',
  );
});

test.each([
  ['a step below 0', () => line.at(-1), /step: expected an integer from 0/],
  ['no steps', () => schedules.cosineDecay(0.1, 0), /decaySteps: expected a number above 0/],
  ['too few values', () => schedules.piecewiseConstant([10], [1]), /values: expected 2/],
  [
    'boundaries that go back',
    () => schedules.piecewiseConstant([10, 5], [1, 1, 1]),
    /boundaries\[1\]: expected a step behind/,
  ],
  [
    'a misspelt option',
    () => schedules.exponentialDecay(0.1, 1, 1, { stairCase: true } as never),
    /did you mean staircase/,
  ],
  ['what is no schedule', () => schedules.warmup({} as never, 3), /expected a schedule or a number/],
])('%s is refused', (_, make, message) => {
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow(message);
});
