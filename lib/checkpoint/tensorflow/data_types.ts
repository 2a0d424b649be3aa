/** TensorFlow's DataType numbers (types.proto) and ours. */
import { carrierOf, isNumeric } from '../../core/convert_numbers.js';
import type { DType } from '../../core/dtype.js';
import type { StoredDType } from '../types.js';

const byNumber: ReadonlyMap<number, StoredDType> = new Map([
  [1, 'float32'],
  [2, 'float64'],
  [3, 'int32'],
  [4, 'uint8'],
  [5, 'int16'],
  [6, 'int8'],
  [7, 'string'],
  [8, 'complex64'],
  [9, 'int64'],
  [10, 'bool'],
  [11, 'qint8'],
  [12, 'quint8'],
  [13, 'qint32'],
  [14, 'bfloat16'],
  [15, 'qint16'],
  [16, 'quint16'],
  [17, 'uint16'],
  [18, 'complex128'],
  [19, 'float16'],
  [20, 'resource'],
  [21, 'variant'],
  [22, 'uint32'],
  [23, 'uint64'],
  [24, 'float8_e5m2'],
  [25, 'float8_e4m3fn'],
]);

const numberOf: ReadonlyMap<StoredDType, number> = new Map([...byNumber].map(([number, dtype]) => [dtype, number]));

/** Reference types (`DT_FLOAT_REF` and so on) are their base type plus this. */
const referenceOffset = 100;

/**
 * The element type that a DataType number means; undefined for DT_INVALID, `unknown` for numbers newer than this list.
 */
export function dtypeOfNumber(number: number): StoredDType | undefined {
  const base = number > referenceOffset ? number - referenceOffset : number;
  if (base <= 0) return undefined;
  return byNumber.get(base) ?? 'unknown';
}

/** The DataType number of an element type that a writer may write. */
export function numberOfDType(dtype: DType | 'string'): number {
  return numberOf.get(dtype) as number;
}

/** Bytes an element, or undefined where elements have no fixed width that is known here. */
export function widthOf(dtype: StoredDType): number | undefined {
  return isNumeric(dtype) ? carrierOf(dtype).bytes : undefined;
}
