/** Files of ONNX (scripts/golden/make_onnx.py): tensors in all their forms, and files that lie. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { openCheckpoint, type TensorInfo } from '../../../../lib/checkpoint/index.js';
import { carrierOf, type NumericDType } from '../../../../lib/core/convert_numbers.js';
import { CheckpointError } from '../../../../lib/errors.js';
import { golden } from '../../../helpers/golden.js';
import { makeFolder, removeFolder } from '../fixtures.js';

interface Fixture {
  readonly file: string;
  readonly tensors: readonly (readonly [name: string, shape: readonly number[], bytes: string])[];
}
const fixture = golden<Fixture>('onnx_import/tensors.json');
const bytes = Buffer.from(fixture.file, 'base64');

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

test('tensors of every element type, raw or in their own fields, and those of Constant nodes, hold what onnx says', async () => {
  await using reader = await openCheckpoint(bytes);
  expect([...reader.tensors.keys()].sort()).toEqual(fixture.tensors.map(([name]) => name).sort());
  for (const [name, shape, expected] of fixture.tensors) {
    const { dtype, shape: stored, bytes: length } = reader.tensors.get(name) as TensorInfo & { dtype: NumericDType };
    expect([name, stored]).toEqual([name, shape]);
    const { array, bytes: width } = carrierOf(dtype);
    const values = new array(length / width);
    await reader.readInto(name, values);
    expect([name, Buffer.from(values.buffer).toString('base64')]).toEqual([name, expected]);
  }
});

type Write = (writer: BinaryWriter) => void;
const message =
  (field: number, write: Write): Write =>
  (w) => {
    w.tag(field, WireType.LengthDelimited).fork();
    write(w);
    w.join();
  };
const text =
  (field: number, value: string): Write =>
  (w) => {
    w.tag(field, WireType.LengthDelimited).string(value);
  };
const int =
  (field: number, value: number | bigint): Write =>
  (w) => {
    w.tag(field, WireType.Varint).int64(value.toString());
  };
const raw =
  (field: number, length: number): Write =>
  (w) => {
    w.tag(field, WireType.LengthDelimited).bytes(new Uint8Array(length));
  };
const all =
  (...parts: readonly Write[]): Write =>
  (w) => {
    for (const part of parts) part(w);
  };
const model = (...parts: readonly Write[]): Uint8Array => {
  const w = new BinaryWriter();
  all(int(1, 8), text(2, 'test'), message(7, all(...parts)))(w);
  return w.finish();
};
/** A float32 tensor [2] under the name w. */
const tensor = (...parts: readonly Write[]): Write => message(5, all(int(2, 1), text(8, 'w'), ...parts));
const external = (entries: Readonly<Record<string, string>>): Write =>
  tensor(
    int(1, 2),
    int(14, 1),
    ...Object.entries(entries).map(([key, value]) => message(13, all(text(1, key), text(2, value)))),
  );

test('weights beside the model are read from its folder', async () => {
  writeFileSync(join(folder, 'w.bin'), Buffer.from(new Float32Array([0, 7, 8]).buffer));
  const path = join(folder, 'm.onnx');
  writeFileSync(path, model(external({ location: './w.bin', offset: '4', length: '8' })));
  await using reader = await openCheckpoint(path);
  expect(reader.files).toEqual([path, join(folder, 'w.bin')]);
  expect(await reader.read('w')).toMatchObject({ dtype: 'float32', shape: [2], data: Float32Array.of(7, 8) });
});

test.each<[string, Uint8Array, RegExp]>([
  ['values that are cut off', model(tensor(int(1, 2), raw(9, 7))), /"w" \[2\] should take 8 bytes, but 7 are there/],
  ['no values', model(tensor(int(1, 2))), /should take 8 bytes or more, but 0 are there/],
  ['values twice', model(tensor(int(1, 2), raw(9, 8), raw(4, 8))), /has its values twice/],
  ['values of another type', model(tensor(int(1, 2), raw(10, 16))), /is of type 1, and has its values in field 10/],
  ['a shape that overflows', model(tensor(int(1, 2 ** 40), int(1, 2 ** 40), raw(9, 8))), /has an impossible shape/],
  ['a negative shape', model(tensor(int(1, -2), raw(9, 8))), /has an impossible shape/],
  ['a shape of memory that is not there', model(tensor(int(1, 2 ** 40), raw(4, 8))), /but 8 are there/],
  ['two tensors of one name', model(tensor(int(1, 0)), tensor(int(1, 0))), /two tensors named "w"/],
  ['a tensor without a name', model(message(5, all(int(1, 0), int(2, 1)))), /A tensor has no name/],
  ['sparse tensors', model(message(15, int(1, 1))), /Sparse tensors are not read/],
  ['no graph', bytes.subarray(0, 2), /unknown kind|has no graph/],
  [
    'weights above the folder',
    model(external({ location: '../w.bin' })),
    /"\.\.\/w\.bin", which is no name of a file beside/,
  ],
  ['weights at an absolute path', model(external({ location: '/etc/passwd' })), /no name of a file beside/],
  ['weights at no path', model(external({})), /no name of a file beside/],
  ['weights at a path of Windows', model(external({ location: '..\\w.bin' })), /no name of a file beside/],
  ['an offset that is none', model(external({ location: 'w.bin', offset: '-4' })), /the offset "-4" in w\.bin/],
  ['a length of another tensor', model(external({ location: 'w.bin', length: '12' })), /should take 8 bytes, but 12/],
  ['weights that are not there', model(external({ location: 'none.bin' })), /cannot be opened \(ENOENT\)/],
  [
    'weights behind the end of their file',
    model(external({ location: 'w.bin', offset: '400' })),
    /should lie at bytes 400 to 408/,
  ],
])('%s are an error', async (_, file, expected) => {
  writeFileSync(join(folder, 'w.bin'), new Uint8Array(12));
  writeFileSync(join(folder, 'm.onnx'), file);
  const error = await openCheckpoint(join(folder, 'm.onnx')).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as Error).message).toMatch(expected);
});

test('small tensors are a part of the graph: shapes, bounds, and switches such as the mode of a dropout', async () => {
  const small = (name: string, type: number, bytes: Uint8Array): Write =>
    message(
      5,
      all(int(2, type), text(8, name), (w) => void w.tag(9, WireType.LengthDelimited).bytes(bytes)),
    );
  const values = (array: BigInt64Array | Int32Array | Float32Array | Float64Array) => new Uint8Array(array.buffer);
  await using reader = await openCheckpoint(
    model(
      small('axis', 7, values(BigInt64Array.of(-2n))),
      small('size', 6, values(Int32Array.of(7))),
      small('bound', 1, values(Float32Array.of(0.5))),
      small('wide', 11, values(Float64Array.of(0.1))),
      small('on', 9, Uint8Array.of(1)),
      small('off', 9, Uint8Array.of(0)),
      small('half', 10, new Uint8Array(2)),
    ),
  );
  expect(Object.fromEntries(reader.graph?.small ?? [])).toEqual({
    ...{ axis: [-2], size: [7], bound: [0.5], wide: [0.1], on: [1], off: [0] },
  });
});

test('a model in memory has no weights beside it', async () => {
  await expect(openCheckpoint(model(external({ location: 'w.bin' })))).rejects.toThrow(
    /beside the model, which is in memory/,
  );
});

test('a file that is cut off or damaged anywhere gives an error or its tensors, never anything else', async () => {
  const outcomes = new Set<string>();
  for (let at = 3; at < bytes.length; at += 7) {
    const damaged = Uint8Array.from(bytes);
    damaged[at] = (damaged[at] as number) ^ 0x55;
    for (const file of [bytes.subarray(0, at), damaged]) {
      try {
        await using reader = await openCheckpoint(file);
        for (const [name, { dtype }] of reader.tensors) if (dtype === 'float32') await reader.read(name);
        outcomes.add('read');
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
        outcomes.add('refused');
      }
    }
  }
  expect([...outcomes].sort()).toEqual(['read', 'refused']);
});
