/** Files of Keras, as Keras wrote them and says what is in them (scripts/golden/make_keras_files.py). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { convertCheckpoint, openCheckpoint } from '../../../../lib/checkpoint/index.js';
import { CheckpointError } from '../../../../lib/errors.js';
import { golden } from '../../../helpers/golden.js';
import { archiveOf } from '../../../helpers/zip_writer.js';
import { makeFolder, removeFolder } from '../fixtures.js';

interface Fixture {
  readonly name: string;
  readonly ending: string;
  readonly tensors: Readonly<Record<string, { dtype: string; shape: readonly number[]; values: readonly number[] }>>;
  readonly gzip: string;
}

const { files } = golden<{ files: Fixture[] }>('foreign/keras_files.json');
const named = (name: string, ending: string) => files.find((f) => f.name === name && f.ending === ending) as Fixture;
const bytesOf = ({ gzip }: Fixture) => gunzipSync(Buffer.from(gzip, 'base64'));
const whole = () => bytesOf(named('tiny', '.weights.h5'));

/**
 * The name of a weight, as a file has it that numbers the weights of a layer: without the name of a Sequential, and where a normalization has no gamma,
 * with the number.
 */
function spelled(path: string, names: readonly string[]): string {
  if (names.includes(path)) return path;
  return path
    .replace(/^sequential\//, '')
    .replace(
      /^conv2_bn\/(.*)$/,
      (_, weight) => `conv2_bn/${['beta', 'moving_mean', 'moving_variance'].indexOf(weight)}`,
    );
}

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

test.each(files.map((f) => [f.name, f.ending, f] as const))(
  '%s%s has the weights that Keras says, and what training keeps besides',
  async (_, ending, fixture) => {
    const path = join(folder, `model${ending}`);
    writeFileSync(path, bytesOf(fixture));
    await using reader = await openCheckpoint(path);
    expect(reader.format).toBe('keras');
    const names = Object.keys(fixture.tensors).map((name) => spelled(name, [...reader.tensors.keys()]));
    const others = [...reader.tensors.keys()].filter((name) => !names.includes(name));
    expect(others.filter((name) => !/^optimizer(_weights)?\//.test(name))).toEqual([]);
    for (const [path, { dtype, shape, values }] of Object.entries(fixture.tensors)) {
      const name = spelled(path, [...reader.tensors.keys()]);
      expect(reader.tensors.get(name)).toMatchObject({ name, dtype, shape });
      expect((await reader.readAs(name, 'float32')).data).toEqual(Float32Array.from(values));
    }
  },
);

test('bytes in memory are read as the file is, and become other checkpoints', async () => {
  const path = join(folder, 'tiny.weights.h5');
  writeFileSync(path, whole());
  await convertCheckpoint(path, join(folder, 'tiny.safetensors'), { format: 'safetensors' });
  await using copy = await openCheckpoint(join(folder, 'tiny.safetensors'));
  await using memory = await openCheckpoint(whole());
  expect([...copy.tensors.keys()].sort()).toEqual([...memory.tensors.keys()].sort());
  for (const name of copy.tensors.keys()) expect(await copy.read(name)).toEqual(await memory.read(name));
});

test('two open at once do not disturb each other', async () => {
  await using one = await openCheckpoint(whole());
  const two = await openCheckpoint(bytesOf(named('half', '.weights.h5')));
  const before = await one.read('conv1_conv/kernel');
  await two.close();
  expect(await one.read('conv1_conv/kernel')).toEqual(before);
});

async function refusal(bytes: Uint8Array): Promise<CheckpointError> {
  const error = await openCheckpoint(bytes).then(
    (reader) => reader.close(),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(CheckpointError);
  return error as CheckpointError;
}

test.each([100, 2000, 9000, -500])('a file that is cut off at %d is damaged', async (length) => {
  const error = await refusal(whole().subarray(0, length));
  expect([error.message, error.hint]).toEqual([
    expect.stringMatching(/damaged/),
    expect.stringMatching(/cut off.* safetensors/),
  ]);
});

test('whatever bytes are changed, there is an error with a code, or values', async () => {
  const bytes = whole();
  for (let round = 0; round < 60; round++) {
    const copy = new Uint8Array(bytes);
    for (let i = 0; i < 12; i++) {
      const at = 8 + ((Math.imul(12 * round + i + 1, 2654435761) >>> 0) % (bytes.length - 8));
      copy[at] = 0xff ^ (copy[at] as number);
    }
    try {
      await using reader = await openCheckpoint(copy);
      for (const [name, { dtype }] of reader.tensors) if (dtype === 'float32') await reader.read(name);
    } catch (error) {
      expect(error).toBeInstanceOf(CheckpointError);
    }
  }
});

test('layers without names are refused with the way out', async () => {
  // The attribute that Keras 3 writes, under another name.
  const text = whole().toString('latin1').replaceAll('name\0\0\0\0', 'nome\0\0\0\0');
  const error = await refusal(Buffer.from(text, 'latin1'));
  expect([error.message, error.hint]).toEqual([
    expect.stringMatching(/has no name/),
    expect.stringMatching(/save it again/),
  ]);
});

test('a .keras archive is believed no more than its sizes and checksums', async () => {
  expect((await refusal(archiveOf({ 'model.weights.h5': Buffer.alloc(100) }))).message).toMatch(/damaged/);
  const archive = Buffer.from(bytesOf(named('tiny', '.keras')));
  const at = archive.indexOf('HDF\r\n') + 3000;
  archive[at] = 1 ^ (archive[at] as number);
  expect((await refusal(archive)).message).toMatch(/model\.weights\.h5 is damaged: its checksum/);
});
