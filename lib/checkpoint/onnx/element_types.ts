/** Element types of ONNX tensors (onnx.proto, TensorProto.DataType), and in which field values stand that are not raw bytes. */
import type { StoredDType } from '../types.js';

export interface ElementType {
  readonly dtype: StoredDType;
  /** Of an element; 0 where it has no fixed number. */
  readonly bytes: number;
  /** TensorProto's repeated field; 0 where there is none. */
  readonly field: number;
}

const floatData = 4;
const int32Data = 5;
const int64Data = 7;
const doubleData = 10;
const uint64Data = 11;

const types: Readonly<Record<number, readonly [StoredDType, bytes: number, field: number]>> = {
  1: ['float32', 4, floatData],
  2: ['uint8', 1, int32Data],
  3: ['int8', 1, int32Data],
  4: ['uint16', 2, int32Data],
  5: ['int16', 2, int32Data],
  6: ['int32', 4, int32Data],
  7: ['int64', 8, int64Data],
  8: ['string', 0, 0],
  9: ['bool', 1, int32Data],
  10: ['float16', 2, int32Data],
  11: ['float64', 8, doubleData],
  12: ['uint32', 4, uint64Data],
  13: ['uint64', 8, uint64Data],
  14: ['complex64', 8, 0],
  15: ['complex128', 16, 0],
  16: ['bfloat16', 2, int32Data],
  17: ['float8_e4m3fn', 1, int32Data],
  19: ['float8_e5m2', 1, int32Data],
};

/** Fields of TensorProto that hold values. */
export const valueFields: ReadonlySet<number> = new Set([floatData, int32Data, int64Data, doubleData, uint64Data]);

/** Those that are listed, but not read, among them all that are newer than this. */
export function elementType(code: number): ElementType {
  const [dtype, bytes, field] = types[code] ?? ['unknown', 0, 0];
  return { dtype, bytes, field };
}
