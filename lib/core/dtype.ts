import { ArgumentError } from '../errors.js';

/** Typed arrays that carry tensor data. 16-bit floats travel as their bit patterns. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** One line for each element type: bytes an element, the array that holds it. */
export const dtypes = {
  float32: { bytes: 4, array: Float32Array },
  float64: { bytes: 8, array: Float64Array },
  float16: { bytes: 2, array: Uint16Array },
  bfloat16: { bytes: 2, array: Uint16Array },
  int8: { bytes: 1, array: Int8Array },
  int16: { bytes: 2, array: Int16Array },
  int32: { bytes: 4, array: Int32Array },
  int64: { bytes: 8, array: BigInt64Array },
  uint8: { bytes: 1, array: Uint8Array },
  uint16: { bytes: 2, array: Uint16Array },
  uint32: { bytes: 4, array: Uint32Array },
  uint64: { bytes: 8, array: BigUint64Array },
  bool: { bytes: 1, array: Uint8Array },
} as const;

export type DType = keyof typeof dtypes;

/** The typed array in which data of a dtype is handed over. */
export type DataOf<D extends DType> = InstanceType<(typeof dtypes)[D]['array']>;

/** True for the name of a dtype. */
export function isDType(name: unknown): name is DType {
  return typeof name === 'string' && Object.hasOwn(dtypes, name);
}

/** Bytes that one element takes. */
export function bytesOf(dtype: DType): number {
  return dtypes[dtype].bytes;
}

/** Zeroed array for `length` elements. */
export function allocate<D extends DType>(dtype: D, length: number): DataOf<D> {
  return new dtypes[dtype].array(length) as DataOf<D>;
}

/** True for the dtypes whose values are floating point. */
export function isFloating(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16';
}

/**
 * The kind of a typed array by its tag, which holds in every realm (`instanceof` fails under Jest, vm and Electron).
 * @throws ArgumentError when the value is no typed array.
 */
export function typedArrayName(value: unknown): string {
  if (!ArrayBuffer.isView(value)) throw new ArgumentError(`Expected a typed array, received ${describe(value)}.`);
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** True when `value` is the typed array that carries `dtype` (a Buffer counts as Uint8Array). */
export function holds<D extends DType>(dtype: D, value: unknown): value is DataOf<D> {
  return ArrayBuffer.isView(value) && typedArrayName(value) === dtypes[dtype].array.name;
}

/**
 * Refuses an array whose memory was given away: it looks like an empty one until somebody reads it.
 * @param what names the array in the message
 * @throws ArgumentError
 */
export function refuseDetached(what: string, array: ArrayBufferView): void {
  if (array.buffer.byteLength > 0) return;
  try {
    new Uint8Array(array.buffer);
  } catch (cause) {
    throw new ArgumentError(`${what}: the array's buffer is detached.`, {
      hint: 'it was transferred elsewhere; hand over a copy.',
      cause,
    });
  }
}

/** The bytes of a Uint8Array or of a buffer, of whatever realm; undefined for all else. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (holds('uint8', value)) return value;
  const isBuffer = /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
  return isBuffer ? new Uint8Array(value as ArrayBuffer) : undefined;
}

/** A short name for a value in error messages. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return Object.prototype.toString.call(value).slice(8, -1);
  if (typeof value === 'string')
    return `the string ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value)}`;
  if (typeof value === 'object') return 'an object';
  return `${typeof value === 'function' ? 'a function' : String(value)}`;
}
