import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memorySource } from '../../../../lib/checkpoint/files/byte_source.js';
import { type NumericEntry, openCheckpoint, writeCheckpoint } from '../../../../lib/checkpoint/index.js';
import { openSafetensors } from '../../../../lib/checkpoint/safetensors/reader.js';
import { dtypes, isDType } from '../../../../lib/core/dtype.js';
import { duplicateKey } from '../../../../lib/core/json.js';
import { ArgumentError, CheckpointError } from '../../../../lib/errors.js';
import { context, goldenFolder, makeFolder, removeFolder } from '../fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

/** A safetensors file with this header and so many bytes of data. */
function file(header: string, dataBytes = 8): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes, 7)]);
}

const open = (bytes: Uint8Array) => openSafetensors(memorySource(bytes, 'x.safetensors'), context);

test('every dtype comes back as it was written', async () => {
  await using source = await openCheckpoint(join(goldenFolder, 'all_types_v2', 'model.ckpt'));
  const numeric = [...source.tensors.values()].filter(({ dtype }) => isDType(dtype));
  const tensors: NumericEntry[] = [];
  for (const { name } of numeric) {
    const { dtype, shape, data } = await source.read(name);
    tensors.push({ name, dtype, shape, data });
  }
  tensors.push({ name: 'uint64', dtype: 'uint64', shape: [2], data: BigUint64Array.of(0n, 2n ** 64n - 1n) });
  expect(new Set(tensors.map(({ dtype }) => dtype))).toEqual(new Set(Object.keys(dtypes)));
  const path = join(folder, 'all.safetensors');
  const result = await writeCheckpoint(path, tensors, { metadata: { step: '7' } });
  expect(result).toMatchObject({ format: 'safetensors', files: [path], bytes: readFileSync(path).length });
  await using reader = await openCheckpoint(path);
  expect(reader.format).toBe('safetensors');
  for (const { name, dtype, shape, data } of tensors) expect(await reader.read(name)).toEqual({ dtype, shape, data });
});

test('the header is the JSON that the format asks for, padded to 8 bytes, wide types first', async () => {
  const path = join(folder, 'a.safetensors');
  const entries = [
    { name: 'b', dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 3) },
    { name: 'a', dtype: 'float32', shape: [2, 1], data: Float32Array.of(1, 2) },
  ] as const;
  await writeCheckpoint(path, entries, { metadata: { format: 'pt' } });
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  expect(length % 8).toBe(0);
  expect(JSON.parse(bytes.subarray(8, 8 + length).toString())).toEqual({
    __metadata__: { format: 'pt' },
    a: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    b: { dtype: 'U8', shape: [3], data_offsets: [8, 11] },
  });
  expect(bytes.subarray(8 + length).toString('hex')).toBe('0000803f00000040010203');
});

test('data that is not aligned in the file is read into an aligned array', async () => {
  const reader = await open(
    file(
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}',
      5,
    ),
  );
  const target = new Float32Array(1);
  await reader.load(reader.tensors.get('b') as never, () => new Uint8Array(target.buffer));
  expect(Buffer.from(target.buffer).toString('hex')).toBe('07070707');
});

test('types without numbers here are listed', async () => {
  const reader = await open(file('{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}'));
  expect(reader.tensors.get('a')).toEqual({ name: 'a', dtype: 'float8_e4m3fn', shape: [8], bytes: 8 });
});

test.each([
  ['a header that is no JSON', file('{"a":'), 'no JSON'],
  ['a header that is no object', file('[1, 2, 3]'), 'JSON object'],
  ['a header that starts with a space', file(' {}', 0), 'JSON object'],
  [
    'a header that is no UTF-8',
    Buffer.concat([Buffer.from('0400000000000000', 'hex'), Buffer.from('7b22ff7d', 'hex')]),
    'UTF-8',
  ],
  ['a header over the limit', Buffer.from('0000000001000000', 'hex'), 'at most 100000000'],
  ['a header longer than the file', Buffer.from('00e1f50500000000', 'hex'), 'should lie at'],
  ['a file shorter than the length', Buffer.from('0000', 'hex'), 'should lie at'],
  [
    'a name that occurs twice',
    file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    'twice',
  ],
  [
    'a name that occurs twice, once escaped',
    file(
      '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\\u0061":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    ),
    'twice',
  ],
  [
    'ranges that overlap',
    file(
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[3,7]}}',
      7,
    ),
    'overlaps',
  ],
  [
    'ranges with a hole',
    file('{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'),
    'hole',
  ],
  [
    'data after the last tensor',
    file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'),
    'Expected 4 bytes of data',
  ],
  [
    'data that is cut off',
    file('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'),
    'Expected 16 bytes of data',
  ],
  ['a range that does not fit the shape', file('{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}'), 'takes 12'],
  ['a range backwards', file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}'), 'has -8 bytes'],
  [
    'a shape that overflows',
    file('{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}'),
    'impossible shape',
  ],
  ['a negative dimension', file('{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}'), 'impossible shape'],
  [
    'a dimension that is no integer',
    file('{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}'),
    'impossible shape',
  ],
  ['offsets over 2^53', file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[1e300,1e300]}}'), 'impossible range'],
  ['an unknown data type', file('{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}'), 'unknown data type'],
  ['an unknown property', file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}'), 'unknown property'],
  ['an entry that is no object', file('{"a":null}', 0), 'other than an object'],
  ['an empty name', file('{"":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'), 'no name'],
  ['metadata that is no text', file('{"__metadata__":{"a":1}}', 0), 'object of strings'],
])('refuses %s', async (_, bytes, message) => {
  const opening = open(bytes);
  await expect(opening).rejects.toThrow(CheckpointError);
  await expect(opening).rejects.toThrow(message);
});

test('what the format cannot hold is refused when writing', async () => {
  const path = join(folder, 'a.safetensors');
  await expect(writeCheckpoint(path, [{ name: 's', dtype: 'string', shape: [1], data: ['x'] }])).rejects.toThrow(
    ArgumentError,
  );
  const reserved = { name: '__metadata__', dtype: 'uint8', shape: [1], data: Uint8Array.of(1) } as const;
  await expect(writeCheckpoint(path, [reserved])).rejects.toThrow(ArgumentError);
});

test.each([
  ['{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}', undefined],
  ['{"a":"a","b":"a"}', undefined],
  ['{"a":["a","a"],"b":{}}', undefined],
  ['{"x\\"y":1,"x\\\\":2}', undefined],
  ['{"a":1,"b":2,"a":3}', 'a'],
  ['{"o":{"k":1,"k":2}}', 'k'],
  ['[{"k":[1,{"q":1}],"k":2}]', 'k'],
  ['{"\\\\":1,"\\u005c":2}', '\\'],
])('keys that occur twice in %s: %s', (text, expected) => {
  expect(duplicateKey(text)).toBe(expected);
});
