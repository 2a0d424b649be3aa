/** Optimizers: their data, their names in checkpoints, and values that TensorFlow made. */
import { ArgumentError, Graph, type Optimizer, optimizers, schedules, slim } from '../../../lib/index.js';
import { linearProblem, optimized } from '../../helpers/training.js';

/** w = [1, 2] with the gradient [0.1, -0.2] at a learning rate of 0.1, after steps 1 and 3, as TensorFlow 2.21 computes it. */
const values: readonly (readonly [string, Optimizer, readonly [number, number], readonly [number, number]])[] = [
  ['gradientDescent', optimizers.gradientDescent(0.1), [0.99, 2.02], [0.97, 2.06]],
  ['momentum', optimizers.momentum(0.1, 0.9), [0.99, 2.02], [0.9439, 2.1122]],
  ['nesterov', optimizers.momentum(0.1, 0.9, { useNesterov: true }), [0.981, 2.038], [0.91951, 2.16098]],
  [
    'rmsProp with momentum and epsilon 1',
    optimizers.rmsProp(0.1, { decay: 0.9, momentum: 0.9, epsilon: 1 }),
    [0.9927471, 2.0144942],
    [0.95863044, 2.0826283],
  ],
  ['rmsProp', optimizers.rmsProp(0.1), [0.98946494, 2.0210352], [0.9666764, 2.066406]],
  ['adam', optimizers.adam(0.1), [0.90000033, 2.1], [0.7000018, 2.2999985]],
  ['adam with epsilon 1', optimizers.adam(0.1, { epsilon: 1 }), [0.99968475, 2.0006285], [0.99869514, 2.0025978]],
  ['adagrad', optimizers.adagrad(0.1), [0.9698489, 2.0534523], [0.91324633, 2.1432328]],
  ['adadelta', optimizers.adadelta(0.1, { rho: 0.95, epsilon: 1 }), [0.9900025, 2.01998], [0.9700072, 2.0599427]],
  ['ftrl', optimizers.ftrl(0.1), [0.016386274, 0.36314377], [-0.040216252, 0.45292437]],
  [
    'ftrl with penalties',
    optimizers.ftrl(0.1, { l1RegularizationStrength: 0.05, l2RegularizationStrength: 0.01 }),
    [0.001302849, 0.347921],
    [-0.026329996, 0.43729937],
  ],
];

describe.each(['reference', 'cpu'])('on %s', (device) => {
  test.each(values)('%s moves as in TensorFlow', async (_, optimizer, first, third) => {
    const steps = await optimized(optimizer, { device });
    for (const [actual, expected] of [
      [steps[0], first],
      [steps[2], third],
    ] as const)
      expect(Math.max(...expected.map((v, i) => Math.abs((actual?.[i] as number) - v)))).toBeLessThan(3e-7);
  });
});

test('adamW decays the variable by itself, and leaves out what is excluded', async () => {
  const adam = await optimized(optimizers.adam(0.1), { steps: 1, dtype: 'float64' });
  const decayed = await optimized(optimizers.adamW(0.1, 0.01), { steps: 1, dtype: 'float64' });
  const excluded = await optimized(optimizers.adamW(0.1, 0.01, { exclude: ['^w$'] }), { steps: 1, dtype: 'float64' });
  expect(excluded).toEqual(adam);
  for (const [i, w] of [1, 2].entries())
    expect(decayed[0]?.[i]).toBeCloseTo((adam[0]?.[i] as number) - 0.1 * 0.01 * w, 9);
});

test('lars accumulates gradients that are scaled already, so that a learning rate counts for the steps in which it holds', async () => {
  const schedule = schedules.piecewiseConstant([0, 1], [0.5, 0.25, 0.125]);
  const actual = await optimized(optimizers.lars(schedule, { eeta: 0.5, weightDecay: 0.25 }), { dtype: 'float64' });
  const [w, a] = [
    [1, 2],
    [0, 0],
  ];
  for (const [step, rate] of [0.5, 0.25, 0.125].entries()) {
    const [size, slope] = [Math.hypot(...w), Math.hypot(0.1, 0.2)];
    const trust = (0.5 * size) / (slope + 0.25 * size);
    for (const [i, g] of [0.1, -0.2].entries()) {
      a[i] = 0.9 * (a[i] as number) + rate * trust * (g + 0.25 * (w[i] as number));
      w[i] = (w[i] as number) - a[i];
      expect(actual[step]?.[i]).toBeCloseTo(w[i], 12);
    }
  }
});

test('lars has a learning rate for each variable, and plain momentum for what is excluded', async () => {
  const [w, g] = [Math.hypot(1, 2), Math.hypot(0.1, 0.2)];
  const trust = (0.001 * w) / (g + 0.0001 * w);
  const [first] = await optimized(optimizers.lars(0.1), { steps: 1, dtype: 'float64' });
  expect(first?.[0]).toBeCloseTo(1 - 0.1 * trust * (0.1 + 0.0001), 9);
  expect(first?.[1]).toBeCloseTo(2 - 0.1 * trust * (-0.2 + 0.0002), 9);
  const plain = await optimized(optimizers.momentum(0.1, 0.9), { dtype: 'float64' });
  const excluded = await optimized(optimizers.lars(0.1, { exclude: ['w'] }), { dtype: 'float64' });
  for (const [step, values] of plain.entries())
    for (const [i, v] of values.entries()) expect(excluded[step]?.[i]).toBeCloseTo(v, 12);
});

test.each([
  [optimizers.gradientDescent(0.1), []],
  [optimizers.momentum(0.1, 0.9), ['w/Momentum']],
  [optimizers.rmsProp(0.1), ['w/RMSProp', 'w/RMSProp_1']],
  [optimizers.rmsProp(0.1, { centered: true }), ['w/RMSProp', 'w/RMSProp_1', 'w/RMSProp_2']],
  [optimizers.adam(), ['beta1_power', 'beta2_power', 'w/Adam', 'w/Adam_1']],
  [optimizers.adagrad(0.1), ['w/Adagrad']],
  [optimizers.adadelta(), ['w/Adadelta', 'w/Adadelta_1']],
  [optimizers.ftrl(0.1), ['w/Ftrl', 'w/Ftrl_1']],
  [optimizers.lars(0.1), ['w/LARSOptimizer']],
])('$kind names its slots as TensorFlow does', (optimizer, names) => {
  const { graph, loss } = linearProblem([1]);
  slim.learning.createTrainOp(loss, optimizer, { globalStep: null });
  expect([...graph.variables.keys()]).toEqual(['w', ...names]);
  for (const name of names) expect(graph.variable(name)).toMatchObject({ trainable: false, saved: true });
});

test('one optimizer has one state, however often it is applied; another one has its own', () => {
  const { graph, loss } = linearProblem([1]);
  const [one, other] = [optimizers.momentum(0.1, 0.9), optimizers.momentum(0.1, 0.9)];
  for (const optimizer of [one, one, other]) slim.learning.createTrainOp(loss, optimizer, { globalStep: null });
  expect([...graph.variables.keys()]).toEqual(['w', 'w/Momentum', 'w/Momentum_1']);
});

test('are data that can be printed and compared', () => {
  const made = optimizers.momentum(schedules.exponentialDecay(0.01, 100, 0.94, { staircase: true }), 0.9);
  expect(made).toEqual(optimizers.momentum(schedules.exponentialDecay(0.01, 100, 0.94, { staircase: true }), 0.9));
  expect(made).not.toEqual(optimizers.momentum(0.01, 0.9));
  expect(JSON.parse(JSON.stringify(made))).toEqual({
    kind: 'momentum',
    learningRate: { kind: 'exponentialDecay', learningRate: 0.01, decaySteps: 100, decayRate: 0.94, staircase: true },
    momentum: 0.9,
    useNesterov: false,
  });
});

test.each([
  [
    'a negative learning rate',
    () => optimizers.gradientDescent(-1),
    /learningRate: expected a number that is not negative/,
  ],
  ['no learning rate', () => optimizers.momentum('fast' as never, 0.9), /learningRate: expected a number, a schedule/],
  ['NaN', () => optimizers.momentum(0.1, Number.NaN), /momentum: expected a number that is not negative/],
  ['an unknown option', () => optimizers.adam(0.1, { beta3: 1 } as never), /no option beta3; it has beta1/],
  [
    'a power above 0',
    () => optimizers.ftrl(0.1, { learningRatePower: 1 }),
    /learningRatePower: expected a number that is not above 0/,
  ],
  ['a pattern that is none', () => optimizers.lars(0.1, { exclude: ['('] }), /no regular expression/],
  ['no accumulator', () => optimizers.adagrad(0.1, { initialAccumulatorValue: 0 }), /above 0/],
])('%s is refused', (_, make, message) => {
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow(message);
});

test('what is no optimizer is refused', () => {
  const { loss } = linearProblem([1]);
  expect(() => slim.learning.createTrainOp(loss, { kind: 'momentum' } as never)).toThrow(/expected an optimizer/);
  expect(new Graph().variables.size).toBe(0);
});
