/** The types of tensors that the protocol knows: one line each. */

/** Values as they lie in memory. FP16 and BF16 are bits, since JavaScript has no such numbers everywhere. */
export type Values =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | SignedValues
  | Float32Array
  | Float64Array;
type SignedValues = Int8Array | Int16Array | Int32Array | BigInt64Array;

interface NumberType {
  readonly bytes: number;
  readonly array: new (buffer: ArrayBuffer, offset?: number, length?: number) => Values;
  /** What JSON has for a value; none: the type has no form in JSON. */
  readonly json: 'boolean' | 'number' | 'integer' | 'bigint' | null;
  readonly least?: number;
  readonly most?: number;
}

const numberTypes = {
  BOOL: { bytes: 1, array: Uint8Array, json: 'boolean' },
  UINT8: { bytes: 1, array: Uint8Array, json: 'integer', least: 0, most: 255 },
  UINT16: { bytes: 2, array: Uint16Array, json: 'integer', least: 0, most: 65535 },
  UINT32: { bytes: 4, array: Uint32Array, json: 'integer', least: 0, most: 2 ** 32 - 1 },
  UINT64: { bytes: 8, array: BigUint64Array, json: 'bigint', least: 0, most: Number.MAX_SAFE_INTEGER },
  INT8: { bytes: 1, array: Int8Array, json: 'integer', least: -128, most: 127 },
  INT16: { bytes: 2, array: Int16Array, json: 'integer', least: -32768, most: 32767 },
  INT32: { bytes: 4, array: Int32Array, json: 'integer', least: -(2 ** 31), most: 2 ** 31 - 1 },
  INT64: {
    bytes: 8,
    array: BigInt64Array,
    json: 'bigint',
    least: -Number.MAX_SAFE_INTEGER,
    most: Number.MAX_SAFE_INTEGER,
  },
  FP16: { bytes: 2, array: Uint16Array, json: null },
  BF16: { bytes: 2, array: Uint16Array, json: null },
  FP32: { bytes: 4, array: Float32Array, json: 'number', least: -3.4028235677973366e38, most: 3.4028235677973366e38 },
  FP64: { bytes: 8, array: Float64Array, json: 'number', least: -Number.MAX_VALUE, most: Number.MAX_VALUE },
} as const satisfies Record<string, NumberType>;

export type NumberDatatype = keyof typeof numberTypes;
/** BYTES are elements of any length. */
export type Datatype = NumberDatatype | 'BYTES';

export const datatypes: readonly Datatype[] = [...(Object.keys(numberTypes) as NumberDatatype[]), 'BYTES'];

export function isDatatype(value: unknown): value is Datatype {
  return (datatypes as readonly unknown[]).includes(value);
}

export function numberType(datatype: NumberDatatype): NumberType {
  return numberTypes[datatype];
}
