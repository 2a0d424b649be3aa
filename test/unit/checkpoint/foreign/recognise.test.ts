/** Files that are no checkpoints, as the programs wrote them (scripts/golden/make_foreign_files.py). */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type NumericEntry, openCheckpoint, writeCheckpoint } from '../../../../lib/checkpoint/index.js';
import { CheckpointError } from '../../../../lib/errors.js';
import { makeFolder, removeFolder, specEntries } from '../fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

const golden = join(__dirname, '../../../golden/foreign/files');
const parts = ['torch', 'keras', 'onnx'].map(
  (part) =>
    JSON.parse(readFileSync(join(golden, `${part}.json`), 'utf8')) as {
      readonly files: Readonly<Record<string, string>>;
    },
);
const files: Readonly<Record<string, string>> = Object.assign({}, ...parts.map((part) => part.files));
const bytesOf = (name: string) => Buffer.from(files[name] as string, 'base64');

/** What is said of each file, and the way that it gives. */
const expected: Readonly<Record<string, readonly [what: RegExp, hint: RegExp]>> = {
  'pickle.pth': [/an old PyTorch file/, /to safetensors/],
  'whole_module.pt': [/a PyTorch file with more in its pickle.*torch\.nn\.modules\.linear\.Linear/, /to safetensors/],
  'torchscript.pt': [/a TorchScript file of PyTorch/, /state_dict\(\) to safetensors/],
  'exported.pt2': [/an exported program of PyTorch/, /to safetensors/],
  'protocol_0.pkl': [/a pickle of Python/, /to safetensors/],
  'protocol_1.pkl': [/a pickle of Python/, /to safetensors/],
  'protocol_2.pkl': [/a pickle of Python/, /to safetensors/],
  'protocol_3.pkl': [/a pickle of Python/, /to safetensors/],
  'protocol_4.pkl': [/a pickle of Python/, /to safetensors/],
  'protocol_5.pkl': [/a pickle of Python/, /to safetensors/],
  'arrays.npz': [/a file of numpy/, /to safetensors/],
  'compressed.npz': [/a file of numpy/, /to safetensors/],
  'array.npy': [/an array of numpy/, /to safetensors/],
  'archive.tar': [/a tar archive/, /tar xf archive\.tar.*resnet_v1_50\.ckpt/],
  'resnet_v1_50_2016_08_28.tar.gz': [/a compressed tar archive/, /tar xzf resnet_v1_50_2016.*, resnet_v1_50\.ckpt\./],
  'archive.tar.bz2': [/a compressed file/, /unpack it first/],
  'archive.tar.xz': [/a compressed file/, /unpack it first/],
  'archive.zip': [/a zip archive/, /unzip archive\.zip.*weights\/model\.safetensors/],
  'frozen.pb': [/a graph of TensorFlow/, /as safetensors/],
  'model.tflite': [/a TensorFlow Lite model/, /as safetensors/],
};

/** What was made besides: it is read (test/unit/checkpoint/pytorch and onnx). */
const readable = ['zip.pth', 'index.bin.index.json', 'producer.onnx', 'no_producer.onnx'];

test.each(['producer.onnx', 'no_producer.onnx'])('%s is read', async (name) => {
  await using reader = await openCheckpoint(bytesOf(name));
  expect([reader.format, await reader.read('w')]).toMatchObject(['onnx', { shape: [2], data: Float32Array.of(1, 2) }]);
});

test('every kind of file is there', () => {
  expect(Object.keys(files).sort()).toEqual([...Object.keys(expected), ...readable].sort());
});

const refusal = async (path: string): Promise<CheckpointError> => {
  const error = await openCheckpoint(path).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(CheckpointError);
  return error as CheckpointError;
};

test.each(Object.keys(expected))('%s is recognised by its contents', async (name) => {
  const [what, hint] = expected[name] as (typeof expected)[string];
  // Names of graphs and archives say more than their bytes; all others are told apart without.
  for (const path of [name, ...(/\.(pb|tar|gz|bz2|xz|zip)$/.test(name) ? [] : ['model.ckpt'])]) {
    writeFileSync(join(folder, path), bytesOf(name));
    const error = await refusal(join(folder, path));
    expect(error.message).toMatch(what);
    expect(error.message).not.toMatch(/damaged|cut off/);
    expect(error.hint).toMatch(hint);
  }
});

test.each(['zip.pth', 'pickle.pth'])('%s that is compressed is told what is inside', async (name) => {
  const path = join(folder, `${name}.gz`);
  writeFileSync(path, gzipSync(bytesOf(name)));
  const error = await refusal(path);
  expect(error.message).toMatch(/compressed by gzip|that gzip compressed/);
  expect(error.hint).toMatch(/gunzip/);
});

test('what is cut off or unknown is said to be so', async () => {
  writeFileSync(join(folder, 'x.ckpt'), Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
  expect((await refusal(join(folder, 'x.ckpt'))).message).toMatch(/unknown kind.*cut off or damaged/);
});

test.each<[string, readonly string[], RegExp]>([
  ['weights of PyTorch', ['config.json', 'weights.pth'], /a folder with weights of PyTorch/],
  ['weights of Keras', ['config.json', 'tf_model.h5'], /a folder with weights of Keras/],
  ["PyTorch's distributed checkpoint", ['.metadata', '__0_0.distcp'], /distributed checkpoint/],
  ['nothing', [], /a folder without one/],
])('a folder with %s', async (_, names, message) => {
  for (const name of names) writeFileSync(join(folder, name), '');
  expect((await refusal(folder)).message).toMatch(message);
});

const numbers = specEntries as readonly NumericEntry[];

test('of a folder with an ONNX file it is said that the file can be read', async () => {
  for (const name of ['config.json', 'model.onnx']) writeFileSync(join(folder, name), '');
  expect(await refusal(folder)).toMatchObject({
    message: expect.stringContaining('a folder with an ONNX model'),
    hint: 'give the .onnx file itself.',
  });
});

test("the folder that Hugging Face's libraries save stands for its model.safetensors", async () => {
  writeFileSync(join(folder, 'config.json'), '{}');
  await writeCheckpoint(join(folder, 'model.safetensors'), numbers, { metadata: { format: 'pt' } });
  await using reader = await openCheckpoint(folder);
  expect([reader.path, reader.tensors.size, reader.metadata]).toEqual([
    join(folder, 'model.safetensors'),
    numbers.length,
    { format: 'pt' },
  ]);
});

test('a SavedModel stands for its variables, by its folder and by its graph', async () => {
  mkdirSync(join(folder, 'variables'));
  writeFileSync(join(folder, 'saved_model.pb'), Buffer.from([8, 1, 18, 0]));
  await writeCheckpoint(join(folder, 'variables', 'variables'), numbers);
  for (const path of [folder, join(folder, 'saved_model.pb')]) {
    await using reader = await openCheckpoint(path);
    expect(reader.path).toBe(join(folder, 'variables', 'variables'));
  }
});

describe('an index of safetensors files', () => {
  const index = () => join(folder, 'model.safetensors.index.json');
  const writeIndex = (map: unknown) => writeFileSync(index(), JSON.stringify({ metadata: {}, weight_map: map }));

  test('is read with all its files, and so is its folder', async () => {
    const [first, ...rest] = numbers as [NumericEntry, ...NumericEntry[]];
    await writeCheckpoint(join(folder, 'model-1.safetensors'), [first]);
    await writeCheckpoint(join(folder, 'model-2.safetensors'), rest);
    writeIndex({
      [first.name]: 'model-1.safetensors',
      ...Object.fromEntries(rest.map(({ name }) => [name, 'model-2.safetensors'])),
    });
    for (const path of [index(), folder]) {
      await using reader = await openCheckpoint(path);
      expect(reader.format).toBe('safetensors');
      expect(reader.files).toHaveLength(3);
      for (const { name, data } of numbers) expect((await reader.read(name)).data).toEqual(data);
    }
  });

  test.each<[string, unknown, RegExp]>([
    ['a file that is not there', { x: 'gone.safetensors' }, /gone\.safetensors/],
    ['a path', { x: '../other/model.safetensors' }, /expected the name of a file of safetensors or PyTorch/],
    ['no map', [], /weight_map: expected an object/],
    ['a tensor that is not in its file', { y: 'model.safetensors' }, /y is not in model\.safetensors/],
  ])('with %s is refused', async (_, map, message) => {
    await writeCheckpoint(join(folder, 'model.safetensors'), numbers.slice(0, 1));
    writeIndex(map);
    expect((await refusal(index())).message).toMatch(message);
  });
});

test('a checkpoint in memory is read, and what is none is recognised', async () => {
  const path = join(folder, 'model.safetensors');
  await writeCheckpoint(path, numbers);
  await writeCheckpoint(join(folder, 'v1.ckpt'), numbers, { format: 'tensorflow_v1' });
  for (const file of [path, join(folder, 'v1.ckpt')]) {
    await using reader = await openCheckpoint(readFileSync(file));
    for (const { name, data } of numbers) expect((await reader.read(name)).data).toEqual(data);
  }
  await expect(openCheckpoint(bytesOf('pickle.pth'))).rejects.toThrow(/the checkpoint in memory.*an old PyTorch file/s);
  await writeCheckpoint(join(folder, 'v2.ckpt'), numbers);
  await expect(openCheckpoint(readFileSync(join(folder, 'v2.ckpt.index')))).rejects.toThrow(
    /values are in other files/,
  );
});
