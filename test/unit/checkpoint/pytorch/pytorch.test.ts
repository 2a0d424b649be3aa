/** Files of torch.save, as PyTorch wrote them and says what is in them (scripts/golden/make_pytorch_files.py). */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertCheckpoint, openCheckpoint } from '../../../../lib/checkpoint/index.js';
import { unpickle } from '../../../../lib/checkpoint/pytorch/pickle.js';
import { stateDictWorld } from '../../../../lib/checkpoint/pytorch/world.js';
import { isDType } from '../../../../lib/core/dtype.js';
import { CheckpointError } from '../../../../lib/errors.js';
import { archiveOf } from '../../../helpers/zip_writer.js';
import { bytesOfArray, makeFolder, removeFolder } from '../fixtures.js';

interface Fixture {
  readonly file: string;
  readonly tensors?: Readonly<Record<string, readonly [dtype: string, shape: readonly number[], bytes: string]>>;
  readonly refused?: string;
}

const { files } = JSON.parse(readFileSync(join(__dirname, '../../../golden/foreign/pytorch.json'), 'utf8')) as {
  readonly files: Readonly<Record<string, Fixture>>;
};
const accepted = Object.keys(files).filter((name) => files[name]?.tensors !== undefined);
const refused = Object.keys(files).filter((name) => files[name]?.refused !== undefined);
const fixture = (name: string) => files[name] as Fixture;
const bytesOf = (name: string) => Buffer.from(fixture(name).file, 'base64');

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

test('there are files of both kinds', () => {
  expect(accepted.length).toBeGreaterThan(5);
  expect(refused.length).toBeGreaterThan(5);
});

test.each(accepted)('%s has the tensors that PyTorch says', async (name) => {
  const path = join(folder, name);
  writeFileSync(path, bytesOf(name));
  await using reader = await openCheckpoint(path);
  expect(reader.format).toBe('pytorch');
  const { tensors = {} } = fixture(name);
  expect([...reader.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
  for (const [tensor, [dtype, shape, bytes]] of Object.entries(tensors)) {
    const info = reader.tensors.get(tensor);
    expect(info).toMatchObject({ dtype, shape });
    if (!isDType(dtype)) continue;
    const { data } = await reader.read(tensor);
    expect(bytesOfArray(data).toString('base64')).toBe(bytes);
  }
});

test.each(refused)('%s is refused by name', async (name) => {
  const error = await openCheckpoint(bytesOf(name)).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as Error).message).toContain(fixture(name).refused);
  expect((error as CheckpointError).hint).toMatch(/state_dict\(\)/);
});

test('bytes in memory are read as the file is', async () => {
  await using reader = await openCheckpoint(bytesOf('views.pth'));
  expect((await reader.read('column')).data).toEqual(Float32Array.of(2, 6, 10, 14, 18, 22));
});

test('floats of 8 bits are taken as wider ones', async () => {
  await using reader = await openCheckpoint(bytesOf('types.pth'));
  const [float, narrow] = [await reader.read('float32'), await reader.readAs('float8_e4m3fn', 'float32')];
  expect(narrow.data).toEqual(float.data);
});

test('it becomes a safetensors file of the same tensors', async () => {
  const target = join(folder, 'model.safetensors');
  const source = join(folder, 'model.pth');
  writeFileSync(source, bytesOf('trained.pth'));
  await convertCheckpoint(source, target, { include: ['state_dict.'] });
  await using reader = await openCheckpoint(target);
  const weight = fixture('trained.pth').tensors?.['state_dict.3.weight'];
  expect(bytesOfArray((await reader.read('state_dict.3.weight')).data).toString('base64')).toBe(weight?.[2]);
});

test('a checkpoint in several files is read by its index, and so is its folder', async () => {
  const parts = {
    'pytorch_model-00001-of-00002.bin': 'views.pth',
    'pytorch_model-00002-of-00002.bin': 'parameters.pt',
  };
  const map: Record<string, string> = {};
  for (const [part, name] of Object.entries(parts)) {
    writeFileSync(join(folder, part), bytesOf(name));
    for (const tensor of Object.keys(fixture(name).tensors ?? {})) map[tensor] = part;
  }
  const index = join(folder, 'pytorch_model.bin.index.json');
  writeFileSync(index, JSON.stringify({ metadata: {}, weight_map: map }));
  for (const path of [index, folder]) {
    await using reader = await openCheckpoint(path);
    expect([reader.format, reader.path, reader.tensors.size]).toEqual(['pytorch', index, Object.keys(map).length]);
    expect((await reader.read('weight')).data).toEqual(Float32Array.of(1, 1, 1, 1));
  }
});

test('values that were damaged are refused by their checksum', async () => {
  const bytes = bytesOf('parameters.pt');
  const ones = Buffer.from(new Float32Array([1, 1, 1, 1]).buffer);
  const at = bytes.indexOf(ones);
  expect(at).toBeGreaterThan(0);
  bytes[at] = 1;
  await using reader = await openCheckpoint(bytes);
  await expect(reader.read('weight')).rejects.toThrow(/weight are damaged/);
  await reader.read('buffer');
});

test.each(accepted)('%s that is cut off anywhere is an error, never a wrong value', async (name) => {
  const bytes = bytesOf(name);
  for (let length = 0; length < bytes.length; length += Math.ceil(bytes.length / 40)) {
    await expect(openCheckpoint(bytes.subarray(0, length))).rejects.toThrow(CheckpointError);
  }
});

test('a changed byte anywhere is an error of checkpoints, or changes what has no checksum', async () => {
  const bytes = bytesOf('views.pth');
  for (let at = 0; at < bytes.length; at += 7) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] as number) ^ 0x55;
    try {
      await using reader = await openCheckpoint(damaged);
      for (const name of reader.tensors.keys()) await reader.read(name);
    } catch (error) {
      expect(error).toBeInstanceOf(CheckpointError);
    }
  }
});

const pickle = (...parts: readonly (number | string)[]) =>
  Buffer.concat([
    Buffer.of(0x80, 2),
    ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))),
  ]);

test.each([
  ['a system command', pickle('cos\nsystem\n', 0x58, 2, 0, 0, 0, 'ls', 0x85, 'R.'), /os\.system/],
  ['eval', pickle('c__builtin__\neval\n', 0x58, 1, 0, 0, 0, '1', 0x85, 'R.'), /__builtin__\.eval/],
  ['an attribute of a known module', pickle('ctorch\nload\n.'), /torch\.load/],
  ['a name of every object', pickle('cconstructor\nconstructor\n.'), /constructor/],
  ['an unknown opcode', pickle(0x69, '.'), /opcode 0x69/],
  ['an empty stack', pickle('.'), /stack/],
  ['a missing mark', pickle('t.'), /mark/],
  ['an object that was not made', pickle('h', 9, '.'), /object 9/],
  ['no end', pickle('N'), /ends in the middle/],
  ['a text that is longer than the file', pickle(0x58, 255, 255, 255, 127, 'x'), /ends in the middle/],
  ['a protocol of text', Buffer.from([0x80, 0, 0x2e]), /protocol 0/],
])('a pickle with %s is refused', (_, bytes, why) => {
  expect(() => unpickle(bytes, stateDictWorld)).toThrow(why);
});

test('dictionaries that hold each other many times end at a limit', async () => {
  // Each of 40 dictionaries holds the one before twice: 2^40 paths.
  let parts: (number | string)[] = ['}', 'q', 0];
  for (let i = 0; i < 40; i++) {
    parts = [...parts, '}', '(', 0x58, 1, 0, 0, 0, 'a', 'h', i, 0x58, 1, 0, 0, 0, 'b', 'h', i, 'u', 'q', i + 1];
  }
  const value = unpickle(pickle(...parts, '.'), stateDictWorld);
  expect(value).toBeInstanceOf(Map);
  const archive = archiveOf({ 'm/data.pkl': pickle(...parts, '.'), 'm/version': Buffer.from('3\n') });
  await expect(openCheckpoint(archive)).rejects.toThrow(/at most/);
});
