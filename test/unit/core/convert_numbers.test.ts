/** Numbers between element types; the bit patterns of 8 and 16 bits are those of numpy's ml_dtypes (scripts/golden/make_floats.py). */
import { convertNumbers, isConvertible, type NumericDType } from '../../../lib/core/convert_numbers.js';
import { allocate, type DType, dtypes, type TypedArray } from '../../../lib/core/dtype.js';
import { nearestPattern, valuesOfPatterns } from '../../../lib/core/float_formats.js';
import { golden } from '../../helpers/golden.js';

/** What scripts/golden/make_floats.py writes. */
interface Fixture {
  /** The number of each bit pattern of 8 bits. */
  readonly values: Readonly<Record<'float8_e5m2' | 'float8_e4m3fn', readonly (number | string)[]>>;
  /** Numbers, and the patterns to which numpy and ml_dtypes round them. */
  readonly numbers: Readonly<Record<'float16' | 'bfloat16', readonly (number | string)[]>>;
  readonly patterns: Readonly<Record<'float16' | 'bfloat16', readonly number[]>>;
}

const fixture = golden<Fixture>('floats.json');

/** The fixture has numbers of 32 bits in the fewest digits that tell them apart. */
const exact = (dtype: string, number: number | string) =>
  dtype === 'bfloat16' ? Math.fround(Number(number)) : Number(number);

function converted(from: NumericDType, source: TypedArray, to: DType) {
  const target = allocate(to, source.length);
  const met = convertNumbers(from, source, to, target);
  return { values: [...target] as (number | bigint)[], ...met };
}

describe('bit patterns', () => {
  test.each(['float8_e5m2', 'float8_e4m3fn'] as const)(
    '%s stands for the numbers that it stands for elsewhere',
    (dtype) => {
      expect([...valuesOfPatterns(dtype)]).toEqual(fixture.values[dtype].map((v) => Math.fround(Number(v))));
    },
  );

  test.each(['float16', 'bfloat16'] as const)('numbers are rounded to the nearest %s, half to even', (dtype) => {
    const nearest = nearestPattern(dtype);
    expect(fixture.numbers[dtype].map((number) => nearest(exact(dtype, number)))).toEqual(fixture.patterns[dtype]);
  });

  test.each(['float16', 'bfloat16'] as const)('all of %s come back from float32 as they were', (dtype) => {
    const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const wide = new Float32Array(65536);
    convertNumbers(dtype, patterns, 'float32', wide);
    const again = new Uint16Array(65536);
    convertNumbers('float32', wide, dtype, again);
    const wrong = [...patterns].filter((pattern) => !Number.isNaN(wide[pattern]) && again[pattern] !== pattern);
    expect(wrong).toEqual([]);
    expect(
      [...patterns].filter((p) => Number.isNaN(wide[p]) && !Number.isNaN(valuesOfPatterns(dtype)[again[p] as number])),
    ).toEqual([]);
  });
});

describe('what a type cannot hold', () => {
  test('is a finite number beyond the range of a float', () => {
    const source = Float64Array.of(1, 3.5e38, -1e300, Number.POSITIVE_INFINITY, Number.NaN);
    expect(converted('float64', source, 'float32')).toMatchObject({ unfit: 1 });
    expect(converted('float64', source.subarray(3), 'float32')).toEqual({
      values: [Number.POSITIVE_INFINITY, Number.NaN],
      unfit: -1,
      vanished: 0,
    });
    expect(converted('float32', Float32Array.of(65519, 65520), 'float16').unfit).toBe(1);
    expect(converted('float32', Float32Array.of(-65520), 'float16').unfit).toBe(0);
    expect(converted('float32', Float32Array.of(Number.NEGATIVE_INFINITY), 'float16').unfit).toBe(-1);
    expect(converted('float16', Uint16Array.of(0x7bff), 'bfloat16').unfit).toBe(-1);
  });

  test('is counted where it becomes zero', () => {
    expect(converted('float32', Float32Array.of(1e-9, 0, -1e-9, 1e-7), 'float16').vanished).toBe(2);
    expect(converted('float64', Float64Array.of(1e-60), 'float32').vanished).toBe(1);
  });

  test('is an integer outside of its range', () => {
    expect(converted('int64', BigInt64Array.of(7n, 2n ** 31n), 'int32').unfit).toBe(1);
    expect(converted('int64', BigInt64Array.of(-1n), 'uint8').unfit).toBe(0);
    expect(converted('uint64', BigUint64Array.of(2n ** 63n), 'int64').unfit).toBe(0);
    expect(converted('int32', Int32Array.of(-5, 7), 'int64')).toEqual({ values: [-5n, 7n], unfit: -1, vanished: 0 });
    expect(converted('int64', BigInt64Array.of(-5n, 7n), 'int16').values).toEqual([-5, 7]);
  });
});

test('floats become floats and integers integers, nothing else', () => {
  const all = [...(Object.keys(dtypes) as DType[]), 'float8_e5m2', 'float8_e4m3fn'] as const;
  const kind = (dtype: string) => (dtype === 'bool' ? 'bool' : /float/.test(dtype) ? 'float' : 'integer');
  for (const from of all)
    for (const to of Object.keys(dtypes) as DType[])
      expect([from, to, isConvertible(from, to)]).toEqual([from, to, kind(from) === kind(to)]);
  expect(isConvertible('string', 'float32')).toBe(false);
  expect(isConvertible('complex64', 'float32')).toBe(false);
});
