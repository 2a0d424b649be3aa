import type { DType } from '../../lib/core/dtype.js';
import { cast } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, f32, type OpCases } from './cases.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function convert(from: DType, to: DType, values: readonly number[], expected: readonly number[]): Case {
  return {
    name: `${from} to ${to}: ${values.join(' ')}`,
    inputs: [{ shape: [values.length], dtype: from, values }],
    attrs: { dtype: to },
    expected: [expected],
    tolerance: exact,
    backendTolerance: exact,
  };
}

export const castCases: OpCases = {
  op: cast,
  cases: [
    convert('float32', 'float32', [1.5, nan, -inf], [1.5, nan, -inf]),
    convert(
      'float32',
      'int32',
      [1.9, -1.9, 0, nan, inf, -inf, 3e9, -3e9],
      [1, -1, 0, 0, 2147483647, -2147483648, 2147483647, -2147483648],
    ),
    convert('float32', 'int8', [127.9, 128, -128.9, -129, 5], [127, 127, -128, -128, 5]),
    convert('float32', 'uint8', [255.5, 256, -0.5, -1, 7.99, nan], [255, 255, 0, 0, 7, 0]),
    convert('float64', 'int64', [2 ** 53, -(2 ** 53), nan], [2 ** 53, -(2 ** 53), 0]),
    convert('float64', 'uint64', [-5, 1e15], [0, 1e15]),
    convert('float64', 'uint32', [4294967295.5, 4294967296, -1], [4294967295, 4294967295, 0]),
    convert('float64', 'float32', [0.1, 1e300, 1e-300], [f32(0.1), inf, 0]),
    convert('float32', 'float64', [0.5, f32(0.1)], [0.5, f32(0.1)]),
    convert('float32', 'bool', [0, -0, 0.25, nan, -3], [0, 0, 1, 1, 1]),
    convert('bool', 'float32', [0, 1], [0, 1]),
    convert('uint8', 'float32', [0, 1, 255], [0, 1, 255]),
    convert('int16', 'int32', [-32768, 32767], [-32768, 32767]),
    convert('int32', 'int8', [300, -129, 5], [44, 127, 5]),
    convert('int32', 'uint16', [-1, 65536, 7], [65535, 0, 7]),
    convert('int64', 'int32', [7, -7, 2 ** 32 + 3], [7, -7, 3]),
    convert('int64', 'float32', [16777217], [16777216]),
    convert(
      'float32',
      'bfloat16',
      [1, -2, 1.00390625, 1.01171875, inf, 3.4e38],
      [0x3f80, 0xc000, 0x3f80, 0x3f82, 0x7f80, 0x7f80],
    ),
    convert('bfloat16', 'float32', [0x3f80, 0xc000, 0x7f80, 0xff80, 0x7fc0], [1, -2, inf, -inf, nan]),
    convert(
      'float32',
      'float16',
      [1, -2, 65504, 65520, 1e-8, 2 ** -24, 2 ** -25, 1.5 * 2 ** -24, 2 ** -14, 1 + 2 ** -11],
      [0x3c00, 0xc000, 0x7bff, 0x7c00, 0, 1, 0, 2, 0x0400, 0x3c00],
    ),
    convert(
      'float16',
      'float32',
      [0x3c00, 0xc000, 0x7bff, 0x7c00, 0x0001, 0x8001, 0x0400, 0x7e00],
      [1, -2, 65504, inf, 2 ** -24, -(2 ** -24), 2 ** -14, nan],
    ),
    ...each([[0], [], [3, 5, 7], [40_000]], (shape) => ({
      name: `float32 to int16 [${shape}]`,
      inputs: [{ shape, k: 3, scale: 1000 }],
      attrs: { dtype: 'int16' },
      expected: (x) => [x.map(Math.trunc)],
      tolerance: exact,
    })),
  ],
};
