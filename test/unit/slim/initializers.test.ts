import { Graph, type Variable } from '../../../lib/core/graph.js';
import { ArgumentError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';

function draw(
  initializer: slim.Initializer,
  shape: readonly number[],
  options: { seed?: number; name?: string; dtype?: 'float32' | 'float64' | 'int32' | 'int64' | 'float16' } = {},
): number[] {
  const variable = new Graph({ seed: options.seed ?? 0 }).build(
    (): Variable => slim.getVariable(options.name ?? 'v', { shape, initializer, dtype: options.dtype }),
  );
  return Array.from(variable.initialValue(variable.shape, variable.dtype) as Iterable<number | bigint>, Number);
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const variance = (values: readonly number[]) => mean(values.map((v) => v * v)) - mean(values) ** 2;
const largest = (values: readonly number[]) => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);

test.each([true, false])('testXavierUniform, testXavierNormal: uniform %p', (uniform) => {
  expect(variance(draw(slim.xavierInitializer({ uniform }), [100, 40]))).toBeCloseTo(2 / (100 + 40), 3);
  expect(variance(draw(slim.xavierInitializer({ uniform }), [100, 40, 5, 7]))).toBeCloseTo(
    2 / (100 * 40 * 5 + 100 * 40 * 7),
    3,
  );
});

test.each([
  ['FAN_IN', 100],
  ['FAN_OUT', 40],
  ['FAN_AVG', 70],
] as const)('variance scaling over %s', (mode, n) => {
  for (const uniform of [true, false]) {
    expect(
      Math.abs(variance(draw(slim.varianceScalingInitializer({ factor: 2, mode, uniform }), [100, 40])) - 2 / n),
    ).toBeLessThan(2e-3);
  }
});

test('limits of the published kernels', () => {
  const kernel = [3, 3, 64, 128];
  expect(largest(draw(slim.xavierInitializer(), kernel))).toBeLessThan(0.058926);
  expect(largest(draw(slim.xavierInitializer(), kernel))).toBeGreaterThan(0.0589);
  const values = draw(slim.varianceScalingInitializer(), kernel);
  expect(largest(values)).toBeLessThan(0.134371);
  expect(largest(values)).toBeGreaterThan(0.134);
  expect(Math.sqrt(variance(values))).toBeCloseTo(0.0591, 3);
  expect(
    largest(draw(slim.varianceScalingInitializer({ factor: 1, mode: 'FAN_AVG', uniform: true }), [5])),
  ).toBeLessThan(0.774597);
});

test('a truncated normal has the moments and quantiles of one', () => {
  const values = draw(slim.truncatedNormalInitializer({ mean: 3, stddev: 2 }), [200_000]);
  expect(mean(values)).toBeCloseTo(3, 1);
  // The variance of a normal distribution cut at two deviations is 0.7737 of its own.
  expect(variance(values) / 4).toBeCloseTo(0.7737, 2);
  expect(values.every((v) => Math.abs(v - 3) <= 4)).toBe(true);
  const share = values.filter((v) => v < 3 + 2 * 0.6744897501960817).length / values.length;
  expect(share).toBeCloseTo((0.75 - 0.022750131948179195) / 0.9544997361036416, 2);
});

test('uniform values fill their range, whose upper end they never reach', () => {
  const values = draw(slim.randomUniformInitializer({ minval: -1, maxval: 3 }), [100_000]);
  expect(Math.min(...values.slice(0, 50_000))).toBeLessThan(-0.99);
  expect(largest(values.map((v) => v - 1))).toBeLessThanOrEqual(2);
  expect(values.every((v) => v >= -1 && v < 3)).toBe(true);
  expect(mean(values)).toBeCloseTo(1, 1);
});

test('the same bits everywhere: the first values of a stream are fixed', () => {
  expect(draw(slim.truncatedNormalInitializer(), [4], { seed: 1, name: 'a/weights' })).toEqual([
    -0.3509733974933624, -0.8199967741966248, 0.386707067489624, 1.3485960960388184,
  ]);
  expect(draw(slim.randomUniformInitializer({ minval: 0, maxval: 1 }), [4], { seed: 1, name: 'a/weights' })).toEqual([
    0.3562641143798828, 0.19209939241409302, 0.6576882600784302, 0.9308713674545288,
  ]);
});

test('graph seed, name and own seed each make another stream', () => {
  const base = draw(slim.xavierInitializer(), [8]);
  expect(draw(slim.xavierInitializer(), [8])).toEqual(base);
  expect(draw(slim.xavierInitializer(), [8], { seed: 1 })).not.toEqual(base);
  expect(draw(slim.xavierInitializer(), [8], { name: 'w' })).not.toEqual(base);
  expect(draw(slim.xavierInitializer({ seed: 0 }), [8])).not.toEqual(base);
  expect(draw(slim.xavierInitializer({ seed: 1 }), [8])).not.toEqual(draw(slim.xavierInitializer({ seed: 0 }), [8]));
});

test('values depend on neither the shape nor the length beyond them', () => {
  const longer = draw(slim.truncatedNormalInitializer(), [10_000]);
  expect(draw(slim.truncatedNormalInitializer(), [4100])).toEqual(longer.slice(0, 4100));
  expect(draw(slim.truncatedNormalInitializer(), [2, 3])).toEqual(longer.slice(0, 6));
});

test('float64 draws the same values in more digits', () => {
  const single = draw(slim.xavierInitializer(), [3, 3]);
  expect(draw(slim.xavierInitializer(), [3, 3], { dtype: 'float64' }).map(Math.fround)).toEqual(single);
});

test('scalars and empty variables', () => {
  expect(draw(slim.xavierInitializer(), [])).toHaveLength(1);
  expect(draw(slim.varianceScalingInitializer(), [0, 3])).toEqual([]);
  expect(draw(slim.onesInitializer(), [0])).toEqual([]);
});

test('constants in every kind of dtype', () => {
  expect(draw(slim.onesInitializer(), [2])).toEqual([1, 1]);
  expect(draw(slim.constantInitializer(7), [2], { dtype: 'int64' })).toEqual([7, 7]);
  expect(draw(slim.zerosInitializer(), [2], { dtype: 'float16' })).toEqual([0, 0]);
  expect(draw(slim.constantInitializer(Float32Array.of(1, 2)), [2])).toEqual([1, 2]);
  expect(() => draw(slim.onesInitializer(), [2], { dtype: 'float16' })).toThrow(ArgumentError);
});

test('wrong dtypes and options are refused', () => {
  expect(() => draw(slim.xavierInitializer(), [2], { dtype: 'int32' })).toThrow(/not floating point/);
  expect(() => slim.varianceScalingInitializer({ mode: 'FAN' as never })).toThrow(/FAN_IN, FAN_OUT or FAN_AVG/);
  expect(() => slim.varianceScalingInitializer({ factor: Number.NaN })).toThrow(ArgumentError);
  expect(() => slim.xavierInitializer({ seed: 0.5 })).toThrow(/seed/);
  expect(() => slim.xavierInitializer({ uniforn: true } as never)).toThrow(/did you mean uniform/);
  expect(() => slim.truncatedNormalInitializer({ stddev: 'x' as never })).toThrow(ArgumentError);
  expect(() => slim.constantInitializer([1, 2, 3], { shape: [2] })).toThrow(ArgumentError);
});

test('an initializer of the wrong length is found out when values are drawn', () => {
  const wrong: slim.Initializer = { draw: () => new Float32Array(3) };
  expect(() => draw(wrong, [2])).toThrow(/must give 2 values of float32/);
  expect(() => draw({ draw: () => [1, 2] as never }, [2])).toThrow(/it gave an array of 2/);
});
