/** Numbers of one element type as those of another. */
import { type DType, dtypes, isDType, isFloating, type TypedArray } from './dtype.js';
import { isNarrowFloat, type NarrowFloat, nearestPattern, valuesOfPatterns } from './float_formats.js';

/** Element types that hold numbers: those of tensors, and floats of 8 bits, which only files have. */
export type NumericDType = DType | NarrowFloat;

/** Element types of files alone. */
const storedOnly = ['float8_e5m2', 'float8_e4m3fn'] as const satisfies readonly NumericDType[];

/** True for the name of an element type that holds numbers. */
export function isNumeric(name: unknown): name is NumericDType {
  return isDType(name) || (storedOnly as readonly unknown[]).includes(name);
}

/** Bytes of an element, and the array that holds elements: bit patterns of what is narrower than 32 bits. */
export function carrierOf(dtype: NumericDType): (typeof dtypes)[DType] {
  return isDType(dtype) ? dtypes[dtype] : dtypes.uint8;
}

/** True for floating-point types, those of files included. */
export function isFloat(dtype: NumericDType): boolean {
  return isDType(dtype) ? isFloating(dtype) : true;
}

/**
 * Whether numbers of one type may be taken as those of another: floats as floats, rounded to the nearest (half to even), and integers as
 * integers. Integers as floats or the other way round are something else, quantized values perhaps, which have a scale somewhere.
 */
export function isConvertible(from: string, to: DType): from is NumericDType {
  if (!isNumeric(from)) return false;
  if (from === to) return true;
  if (isFloat(from) || isFloating(to)) return isFloat(from) && isFloating(to);
  return from !== 'bool' && to !== 'bool';
}

/** What a conversion met. */
export interface Conversion {
  /** The first element whose value the other type cannot hold: a float beyond its range, or an integer; -1 where all can. */
  readonly unfit: number;
  /** Elements that are not zero and became zero. */
  readonly vanished: number;
}

/**
 * Converts the elements of `source` into those of `target`, of as many elements.
 * @param from, to of which `isConvertible` is true
 */
export function convertNumbers(from: NumericDType, source: TypedArray, to: DType, target: TypedArray): Conversion {
  if (from === to) {
    (target as Uint8Array).set(source as Uint8Array);
    return { unfit: -1, vanished: 0 };
  }
  if (!isFloat(from)) return { unfit: convertIntegers(source as Integers, target as Integers), vanished: 0 };
  if (!isNarrowFloat(from)) return convertFloats(source as Numbers, to, target);
  const wide = to === 'float32' || to === 'float64';
  const numbers = wide ? (target as Numbers) : new Float32Array(source.length);
  expand(from, source as Uint8Array | Uint16Array, numbers);
  return wide ? { unfit: -1, vanished: 0 } : convertFloats(numbers, to, target);
}

type Numbers = Float32Array | Float64Array;

function expand(from: NarrowFloat, patterns: Uint8Array | Uint16Array, numbers: Numbers): void {
  const values = valuesOfPatterns(from);
  for (let i = 0; i < patterns.length; i++) numbers[i] = values[patterns[i] as number] as number;
}

function convertFloats(numbers: Numbers, to: DType, target: TypedArray): Conversion {
  return to === 'float16' || to === 'bfloat16'
    ? encodeFloats(numbers, to, target as Uint16Array)
    : roundFloats(numbers, target as Numbers);
}

/** A number beyond this is infinite. */
const largest = Number.MAX_VALUE;

function roundFloats(numbers: Numbers, target: Numbers): Conversion {
  let unfit = -1;
  let vanished = 0;
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i] as number;
    target[i] = value;
    const rounded = target[i] as number;
    if (rounded === 0) vanished += value === 0 ? 0 : 1;
    else if (unfit < 0 && isInfinite(rounded) && !isInfinite(value)) unfit = i;
  }
  return { unfit, vanished };
}

function encodeFloats(numbers: Numbers, to: 'float16' | 'bfloat16', target: Uint16Array): Conversion {
  const encode = nearestPattern(to);
  const infinity = to === 'float16' ? 0x7c00 : 0x7f80;
  let unfit = -1;
  let vanished = 0;
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i] as number;
    const pattern = encode(value);
    target[i] = pattern;
    const size = pattern & 0x7fff;
    if (size === 0) vanished += value === 0 ? 0 : 1;
    else if (unfit < 0 && size === infinity && !isInfinite(value)) unfit = i;
  }
  return { unfit, vanished };
}

function isInfinite(value: number): boolean {
  return value > largest || value < -largest;
}

type Integers = { readonly length: number; [i: number]: number | bigint };

function convertIntegers(source: Integers, target: Integers): number {
  const wide = ArrayBuffer.isView(target) && /^Big/.test(Object.prototype.toString.call(target).slice(8));
  for (let i = 0; i < source.length; i++) {
    const value = source[i] as number | bigint;
    target[i] = wide ? BigInt(value) : Number(value);
    if (BigInt(target[i] as number | bigint) !== BigInt(value)) return i;
  }
  return -1;
}
