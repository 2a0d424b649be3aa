/** Packed repeated fields of TensorProto, in which V1 files keep values, and the typed arrays they stand for. */
import { bytesOf, type DType } from '../../core/dtype.js';

/** The dtypes whose elements are varints. */
type VarintDType = Exclude<DType, 'float32' | 'float64'>;

function isVarint(dtype: DType): dtype is VarintDType {
  return dtype !== 'float32' && dtype !== 'float64';
}

/**
 * TensorProto's field for each dtype. TensorFlow's V1 writer cannot write bfloat16, uint32 and uint64; they are read
 * nevertheless.
 */
export const packedFields: Readonly<Record<DType, number>> = {
  float32: 5,
  float64: 6,
  int32: 7,
  int16: 7,
  int8: 7,
  uint16: 7,
  uint8: 7,
  int64: 10,
  bool: 11,
  float16: 13,
  bfloat16: 13,
  uint32: 16,
  uint64: 17,
};

/** TensorProto's field for strings. */
export const stringField = 8;

/** Number of elements that packed bytes hold, or undefined when they end within one. */
export function packedCount(bytes: Uint8Array, dtype: DType): number | undefined {
  if (!isVarint(dtype)) {
    const count = bytes.length / bytesOf(dtype);
    return Number.isInteger(count) ? count : undefined;
  }
  if (bytes.length > 0 && (bytes[bytes.length - 1] as number) >= 0x80) return undefined;
  let count = 0;
  for (let i = 0; i < bytes.length; i++) count += (bytes[i] as number) < 0x80 ? 1 : 0;
  return count;
}

/**
 * Unpacks into the bytes of a typed array, which must have room for exactly `packedCount` elements.
 * @returns undefined, or a sentence fragment saying which element does not fit the dtype.
 */
export function unpack(bytes: Uint8Array, dtype: DType, target: Uint8Array): string | undefined {
  if (!isVarint(dtype)) {
    target.set(bytes);
    return undefined;
  }
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  const store = stores[dtype];
  let at = 0;
  for (let element = 0; at < bytes.length; element++) {
    let low = 0;
    let high = 0;
    let shift = 0;
    for (;;) {
      const byte = bytes[at++] as number;
      if (shift === 63 && byte > 1) return `element ${element} has more than 64 bits`;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) break;
      shift += 7;
    }
    if (!store(view, element, low, high)) return `element ${element} is out of range for ${dtype}`;
  }
  return undefined;
}

/** Stores the value high:low as element i; false when it does not fit. */
type Store = (view: DataView, i: number, low: number, high: number) => boolean;

const signed = (low: number, high: number): boolean => high === low >> 31;

const stores: Readonly<Record<VarintDType, Store>> = {
  int32: (view, i, low, high) => {
    view.setInt32(4 * i, low, true);
    // Writers that do not sign-extend to 64 bits leave the upper half zero.
    return signed(low, high) || high === 0;
  },
  int16: (view, i, low, high) => {
    view.setInt16(2 * i, low, true);
    return signed(low, high) && low === (low << 16) >> 16;
  },
  int8: (view, i, low, high) => {
    view.setInt8(i, low);
    return signed(low, high) && low === (low << 24) >> 24;
  },
  uint16: storeUint16,
  uint8: (view, i, low, high) => {
    view.setUint8(i, low);
    return high === 0 && low >>> 8 === 0;
  },
  int64: storeUint64,
  bool: (view, i, low, high) => {
    view.setUint8(i, low | high ? 1 : 0);
    return true;
  },
  float16: storeUint16,
  bfloat16: storeUint16,
  uint32: (view, i, low, high) => {
    view.setInt32(4 * i, low, true);
    return high === 0;
  },
  uint64: storeUint64,
};

function storeUint16(view: DataView, i: number, low: number, high: number): boolean {
  view.setUint16(2 * i, low, true);
  return high === 0 && low >>> 16 === 0;
}

function storeUint64(view: DataView, i: number, low: number, high: number): boolean {
  view.setInt32(8 * i, low, true);
  view.setInt32(8 * i + 4, high, true);
  return true;
}

/** Packs the bytes of a typed array; plain dtypes come back as they are. */
export function pack(bytes: Uint8Array, dtype: DType): Uint8Array {
  if (!isVarint(dtype)) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const load = loads[dtype];
  const count = bytes.length / bytesOf(dtype);
  const halves = new Int32Array(2);
  let length = 0;
  for (let i = 0; i < count; i++) {
    load(view, i, halves);
    length += varintLength(halves[0] as number, halves[1] as number);
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < count; i++) {
    load(view, i, halves);
    let low = halves[0] as number;
    let high = halves[1] as number;
    while (high !== 0 || low >>> 7 !== 0) {
      out[at++] = (low & 0x7f) | 0x80;
      low = (low >>> 7) | (high << 25);
      high >>>= 7;
    }
    out[at++] = low;
  }
  return out;
}

function varintLength(low: number, high: number): number {
  const bits = high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(low);
  return Math.max(1, Math.ceil(bits / 7));
}

/** Loads element i, sign-extended, as low and high half. */
type Load = (view: DataView, i: number, halves: Int32Array) => void;

function extended(value: number, halves: Int32Array): void {
  halves[0] = value;
  halves[1] = value < 0 ? -1 : 0;
}

const loadUint16: Load = (view, i, halves) => extended(view.getUint16(2 * i, true), halves);

const load64: Load = (view, i, halves) => {
  halves[0] = view.getInt32(8 * i, true);
  halves[1] = view.getInt32(8 * i + 4, true);
};

const loads: Readonly<Record<VarintDType, Load>> = {
  int32: (view, i, halves) => extended(view.getInt32(4 * i, true), halves),
  int16: (view, i, halves) => extended(view.getInt16(2 * i, true), halves),
  int8: (view, i, halves) => extended(view.getInt8(i), halves),
  uint16: loadUint16,
  uint8: (view, i, halves) => extended(view.getUint8(i), halves),
  int64: load64,
  bool: (view, i, halves) => extended(view.getUint8(i) === 0 ? 0 : 1, halves),
  float16: loadUint16,
  bfloat16: loadUint16,
  uint32: (view, i, halves) => {
    halves[0] = view.getInt32(4 * i, true);
    halves[1] = 0;
  },
  uint64: load64,
};
