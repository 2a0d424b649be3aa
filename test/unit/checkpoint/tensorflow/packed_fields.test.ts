import { pack, packedCount, unpack } from '../../../../lib/checkpoint/tensorflow/packed_fields.js';
import { type DType, dtypes, type TypedArray } from '../../../../lib/core/dtype.js';

const bytesOf = (array: TypedArray): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const cases: [DType, TypedArray][] = [
  ['float32', Float32Array.of(0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY)],
  ['float64', Float64Array.of(Math.PI, -1e300)],
  ['float16', Uint16Array.of(0, 0x3c00, 0xffff)],
  ['bfloat16', Uint16Array.of(0, 0x3f80, 0xffff)],
  ['int8', Int8Array.of(0, 1, -1, 127, -128)],
  ['int16', Int16Array.of(0, 1, -1, 32767, -32768)],
  ['int32', Int32Array.of(0, 1, -1, 2 ** 31 - 1, -(2 ** 31))],
  ['int64', BigInt64Array.of(0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 31n, 2n ** 32n, 127n, 128n, 2n ** 35n)],
  ['uint8', Uint8Array.of(0, 127, 128, 255)],
  ['uint16', Uint16Array.of(0, 127, 128, 65535)],
  ['uint32', Uint32Array.of(0, 127, 128, 2 ** 32 - 1)],
  ['uint64', BigUint64Array.of(0n, 2n ** 64n - 1n, 2n ** 63n)],
  ['bool', Uint8Array.of(1, 0, 1)],
];

test.each(cases)('%s comes back as it was', (dtype, values) => {
  const packed = pack(bytesOf(values), dtype);
  expect(packedCount(packed, dtype)).toBe(values.length);
  const target = new dtypes[dtype].array(values.length);
  expect(unpack(packed, dtype, bytesOf(target))).toBeUndefined();
  expect(target).toEqual(values);
});

test('negative numbers take the ten bytes that protocol buffers give them', () => {
  expect(Buffer.from(pack(bytesOf(Int8Array.of(-1)), 'int8')).toString('hex')).toBe('ffffffffffffffffff01');
  expect(Buffer.from(pack(bytesOf(Int32Array.of(300)), 'int32')).toString('hex')).toBe('ac02');
});

test.each([
  ['int8', [0x80, 0x01]],
  ['uint8', [0x80, 0x02]],
  ['int16', [0x80, 0x80, 0x02]],
  ['uint16', [0x80, 0x80, 0x04]],
  ['int32', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  ['int64', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03]],
] as [DType, number[]][])('a value out of range for %s is refused', (dtype, bytes) => {
  expect(unpack(Uint8Array.from(bytes), dtype, new Uint8Array(8))).toContain('element 0');
});

test('bytes that end within an element have no count', () => {
  expect(packedCount(Uint8Array.of(1, 0x80), 'int32')).toBeUndefined();
  expect(packedCount(new Uint8Array(6), 'float32')).toBeUndefined();
  expect(packedCount(new Uint8Array(0), 'int64')).toBe(0);
});
