/** Weights that fit but for their form: other floats, averages, no last layer, other names, in memory. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type CastDType,
  type ConvertOptions,
  convertCheckpoint,
  openCheckpoint,
  type WritableFormat,
} from '../../lib/checkpoint/index.js';
import { CheckpointError } from '../../lib/errors.js';
import { type LoadModelOptions, loadModel, type Model } from '../../lib/model/index.js';
import { loadAddon } from '../../lib/native/binding.js';
import { slimnet } from '../helpers/cli.js';
import { foreignTensors, writeForeignCheckpoint } from '../helpers/foreign_weights.js';
import { generatedImages, largestDifference } from '../helpers/network_fixtures.js';
import { objectForms, smallObjects, writeObjectCheckpoint } from '../helpers/object_checkpoint.js';
import { encoders, gradient } from '../helpers/pictures.js';

let folder: string;
const at = (name: string) => join(folder, name);
/** A resnet_18 of 10 classes: under torchvision's names, and under slimnet's. */
let torch: string;
let own: string;
const pixels = generatedImages([1, 64, 64, 3]);
let logits: Float32Array;

/** As `slimnet convert` does it: JavaScript takes its time for the checksums. */
const convert = (from: string, to: string, options: ConvertOptions) =>
  convertCheckpoint(from, to, { crc32c: loadAddon().crc32c, ...options });

const load = (checkpoint: LoadModelOptions['checkpoint'], more: Partial<LoadModelOptions> = {}) =>
  loadModel('resnet_18', {
    checkpoint,
    imageSize: 64,
    precision: 'float32',
    packedCache: false,
    ...more,
  } as LoadModelOptions);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-forms-'));
  torch = await writeForeignCheckpoint(at('torch.safetensors'), foreignTensors('resnet_18', 10));
  await using model = await load(torch);
  expect(model.weights).toMatchObject({ layout: 'pytorch', prefix: '', converted: [], averaged: null, remarks: [] });
  logits = await model.run(pixels);
  own = at('own.ckpt');
  await model.session.save(own);
});
afterAll(() => rm(folder, { recursive: true }));

const range = () => Math.max(...logits) - Math.min(...logits);

/** Largest relative errors of rounding each weight to so many bits, as these logits show them. */
const roundings = { float64: 0, float32: 0, float16: 2e-3, bfloat16: 2e-2 } as const;

test.each<[CastDType, WritableFormat, string]>([
  ['float64', 'safetensors', '.safetensors'],
  ['float32', 'safetensors', '.safetensors'],
  ['float16', 'safetensors', '.safetensors'],
  ['bfloat16', 'safetensors', '.safetensors'],
  ['float16', 'tensorflow_v1', '.v1'],
  ['bfloat16', 'tensorflow_v2', '.ckpt'],
])('weights of %s in %s are taken as float32, and that is reported', async (cast, format, extension) => {
  const path = at(`${cast}${extension}`);
  const converted = await convert(own, path, { format, cast });
  await using reader = await openCheckpoint(path);
  const tensors = reader.tensors.size;
  expect([...reader.tensors.values()].every(({ dtype }) => dtype === cast)).toBe(true);
  expect(converted.cast).toMatchObject({ dtype: cast, tensors: cast === 'float32' ? 0 : tensors });
  // Some of the drawn weights are below the range of float16.
  expect((converted.cast?.vanished ?? 0) > 0).toBe(cast === 'float16');
  await using model = await load(path);
  const isConverted = cast !== 'float32';
  expect(model.weights?.converted).toEqual(isConverted ? [{ from: cast, to: 'float32', tensors }] : []);
  expect(model.weights?.remarks).toEqual(isConverted ? [`${tensors} tensors of ${cast} are taken as float32.`] : []);
  const difference = largestDifference(await model.run(pixels), logits) / range();
  expect(difference).toBeLessThanOrEqual(roundings[cast]);
  if (roundings[cast] > 0) expect(difference).toBeGreaterThan(0);
});

test("half-precision weights of PyTorch load through the library's names", async () => {
  await convert(torch, at('torch_bf16.safetensors'), { cast: 'bfloat16' });
  await using model = await load(at('torch_bf16.safetensors'));
  expect(largestDifference(await model.run(pixels), logits) / range()).toBeLessThanOrEqual(roundings.bfloat16);
});

describe('moving averages', () => {
  const average = (name: string) => `${name}/ExponentialMovingAverage`;
  /** Averages of all variables, and other values under the variables' own names. */
  async function trained(): Promise<string> {
    await using reader = await openCheckpoint(own);
    const rename = Object.fromEntries([...reader.tensors.keys()].map((name) => [name, average(name)]));
    await convert(own, at('averages.ckpt'), { rename, overwrite: true });
    return at('averages.ckpt');
  }

  test('alone are loaded when asked for, and the error without names the option of who called', async () => {
    const path = await trained();
    await using model = await load(path, { useMovingAverages: true });
    expect(await model.run(pixels)).toEqual(logits);
    expect(model.weights?.averaged).toBe([...model.session.graph.variables].length);
    await expect(load(path)).rejects.toThrow(/Hint: .*moving averages of \d+ of them: pass useMovingAverages: true\./);
    await expect(load(own, { useMovingAverages: true })).rejects.toThrow(CheckpointError);
    const { err, status } = await slimnet(['embed', '-m', 'resnet_18', '-c', path, at('none.jpg')]);
    expect(status).not.toBe(0);
    expect(err).toContain('pass --moving-averages.');
    expect(err).not.toContain('useMovingAverages');
  });

  test('take the names of their variables on conversion', async () => {
    const path = at('plain.safetensors');
    await convert(await trained(), path, { useMovingAverages: true });
    await using model = await load(path);
    expect(await model.run(pixels)).toEqual(logits);
    expect(model.weights).toMatchObject({ averaged: null, remarks: [] });
  });
});

describe('weights without a last layer', () => {
  test.each([
    ["slimnet's", () => own, 'resnet_18/logits'],
    ["PyTorch's", () => torch, 'fc.'],
  ] as const)('under %s names give features, and say why there are no classes', async (_, source, head) => {
    const path = at('headless.safetensors');
    await convert(source(), path, { exclude: [head], overwrite: true });
    await using model = await load(path);
    await using whole = await load(source());
    const picture = await encoders.png.encode(gradient(90, 70));
    expect(await model.embed(picture)).toEqual(await whole.embed(picture));
    expect(model.numClasses).toBe(0);
    for (const attempt of [model.classify(picture), model.logits(picture), model.run(pixels)])
      await expect(attempt).rejects.toThrow(/headless\.safetensors: The weights have no logits.*embed.*last layer/s);
    await model.warmup({ batchSizes: [1] });
    await expect(load(path, { numClasses: 10 })).rejects.toThrow(/these have none.*leave out numClasses/s);
    await expect(load(path, { labels: ['a'] })).rejects.toThrow(/these have none.*leave out labels/s);
  });

  test('embed on the command line, where classify is told', async () => {
    const path = at('headless.ckpt');
    await convert(own, path, { exclude: ['resnet_18/logits'], overwrite: true });
    await writeFile(at('picture.png'), await encoders.png.encode(gradient(90, 70)));
    const of = (command: string) => slimnet([command, '-m', 'resnet_18', '-c', path, at('picture.png')]);
    const embedded = await of('embed');
    expect(embedded.status).toBe(0);
    expect((JSON.parse(embedded.out) as { features: number[] }).features).toHaveLength(512);
    expect(embedded.err).toContain('The weights have no logits');
    const classified = await of('classify');
    expect(classified.status).toBe(1);
    expect(classified.err).toMatch(/no logits.*Hint: they give features \(embed\)/s);
    expect(classified.out).toBe('');
  });
});

describe('names', () => {
  test.each(['model.', '_orig_mod.', 'module.backbone.'])('may all begin with %s', async (prefix) => {
    const path = await writeForeignCheckpoint(
      at('prefixed.safetensors'),
      foreignTensors('resnet_18', 10),
      (name) => prefix + name,
    );
    await using model = await load(path);
    expect(await model.run(pixels)).toEqual(logits);
    expect(model.weights).toMatchObject({ prefix, remarks: [`The names begin with ${prefix}`] });
    await convert(path, at('stripped.safetensors'), { rename: [[prefix, '']], overwrite: true });
    await using plain = await load(at('stripped.safetensors'));
    expect(plain.weights?.prefix).toBe('');
  });
});

describe('in memory', () => {
  test('bytes and buffers are loaded as files are, and so are URLs', async () => {
    const bytes = await readFile(torch);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    for (const source of [bytes, new Uint8Array(buffer), buffer, pathToFileURL(torch)]) {
      await using model = await load(source);
      expect(await model.run(pixels)).toEqual(logits);
    }
    await expect(load(bytes.subarray(0, 1000))).rejects.toThrow(/the checkpoint in memory/);
    await expect(load(7 as never)).rejects.toThrow(/Expected a checkpoint as a path, a file: URL or the bytes/);
  });
});

describe('object-based checkpoints of Keras', () => {
  const load50 = (checkpoint: string) =>
    loadModel('keras_resnet_50', { checkpoint, imageSize: 64, precision: 'float32', packedCache: false });

  // foreign_networks.test.ts shows that weights under these names give the logits of Keras.
  test('are the same weights as those under their names, whoever wrote the objects and how', async () => {
    const named = await writeForeignCheckpoint(at('keras.safetensors'), foreignTensors('keras_resnet_50', 10));
    await using expected = await load50(named);
    const bytesOf = ({ session }: Model, name: string): Uint8Array => {
      const { buffer, byteOffset, byteLength } = session.read(name);
      return new Uint8Array(buffer, byteOffset, byteLength);
    };
    const wanted = [...expected.session.graph.variables.keys()].map((name) => [name, bytesOf(expected, name)] as const);
    for (const form of objectForms) {
      await using model = await load50(await writeObjectCheckpoint(at('objects'), form, named));
      expect(model.weights).toMatchObject({ layout: 'keras', prefix: '', format: 'tensorflow_v2' });
      const different = wanted.filter(([name, bytes]) => Buffer.compare(bytesOf(model, name), bytes) !== 0);
      expect({ form, different: different.map(([name]) => name) }).toEqual({ form, different: [] });
    }
  });

  test('of another network are told as such', async () => {
    await expect(load50(smallObjects('keras3'))).rejects.toThrow(
      /object-based checkpoint of TensorFlow 2 .*with other variables: .*conv1_conv\/kernel/,
    );
  });
});
