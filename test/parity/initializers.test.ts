/** What TF-Slim's initializers_test.py asserts: variances of what is drawn, and dtypes that are refused. */
import { ArgumentError } from '../../lib/errors.js';
import * as slim from '../../lib/slim/index.js';
import { inGraph } from './support.js';

function variance(initializer: slim.Initializer, shape: readonly number[]): number {
  const values = inGraph(() => {
    const v = slim.getVariable('test', { shape, initializer });
    return v.initialValue(v.shape, v.dtype) as Float32Array;
  });
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
}

/** numpy's allclose with both tolerances at 1e-3. */
function expectVariance(initializer: slim.Initializer, shape: readonly number[], expected: number): void {
  expect(Math.abs(variance(initializer, shape) - expected)).toBeLessThanOrEqual(1e-3 + 1e-3 * expected);
}

const matrix = [100, 40];
const kernel = [100, 40, 5, 7];

describe.each([true, false])('uniform %p', (uniform) => {
  test('test_xavier_uniform, test_xavier_normal, test_xavier_conv2d_*', () => {
    expectVariance(slim.xavierInitializer({ uniform, seed: 1 }), matrix, 2 / (100 + 40));
    expectVariance(slim.xavierInitializer({ uniform, seed: 1 }), kernel, 2 / (100 * 40 * (5 + 7)));
  });

  test.each([
    ['test_fan_in', 'FAN_IN', matrix, 2 / 100],
    ['test_fan_out', 'FAN_OUT', matrix, 2 / 40],
    ['test_fan_avg', 'FAN_AVG', matrix, 4 / (100 + 40)],
    ['test_conv2d_fan_in', 'FAN_IN', kernel, 2 / (100 * 40 * 5)],
    ['test_conv2d_fan_out', 'FAN_OUT', kernel, 2 / (100 * 40 * 7)],
    ['test_conv2d_fan_avg', 'FAN_AVG', kernel, 2 / (100 * 40 * (5 + 7))],
    ['test_1d_shape_fan_in', 'FAN_IN', [100], 2 / 100],
    ['test_1d_shape_fan_out', 'FAN_OUT', [100], 2 / 100],
    ['test_1d_shape_fan_avg', 'FAN_AVG', [100], 4 / (100 + 100)],
  ] as const)('%s', (_, mode, shape, expected) => {
    // The variance of 100 values is not within 1e-3 by itself: it is that of several seeds together.
    if (shape.length > 1)
      return expectVariance(slim.varianceScalingInitializer({ factor: 2, mode, uniform, seed: 1 }), shape, expected);
    const seeds = Array.from({ length: 40 }, (__, seed) => seed);
    const drawn = seeds.map((seed) =>
      variance(slim.varianceScalingInitializer({ factor: 2, mode, uniform, seed }), shape),
    );
    expect(Math.abs(drawn.reduce((a, b) => a + b, 0) / seeds.length - expected)).toBeLessThan(1e-3);
  });
});

test('test_xavier_scalar: a scalar draws a number', () => {
  for (const uniform of [true, false]) {
    const [value] = inGraph(() => {
      const v = slim.getVariable('test', { shape: [], initializer: slim.xavierInitializer({ uniform }) });
      return v.initialValue(v.shape, v.dtype) as Float32Array;
    });
    expect(Number.isFinite(value)).toBe(true);
  }
});

test('test_wrong_dtype, test_xavier_wrong_dtype', () => {
  for (const make of [slim.xavierInitializer, slim.varianceScalingInitializer]) {
    expect(() => make({ dtype: 'int32' })).toThrow(ArgumentError);
    expect(() => make({ dtype: 'int32' })).toThrow(/cannot create initializer for a dtype that is not floating point/);
    inGraph(() =>
      expect(() => slim.getVariable('test', { shape: [], dtype: 'int32', initializer: make() })).toThrow(ArgumentError),
    );
  }
  expect(() => slim.varianceScalingInitializer({ mode: 'FAN' as never })).toThrow(ArgumentError);
});
