/** TensorFlow's own files: read to the values that TensorFlow reads, written to the bytes that TensorFlow writes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CheckpointEntry, openCheckpoint, writeCheckpoint } from '../../../lib/checkpoint/index.js';
import type { CheckpointReader } from '../../../lib/checkpoint/reader.js';
import { isDType } from '../../../lib/core/dtype.js';
import {
  bytesOfArray,
  type ExpectedCheckpoint,
  expectedTensors,
  goldenCases,
  goldenFolder,
  makeFolder,
  readJson,
  removeFolder,
  sha256,
  specEntries,
  specV1,
  specV2Data,
  specV2Index,
  uniform,
} from './fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

/** All tensors of an open checkpoint that can be written, fetched when asked for. */
function entriesOf(reader: CheckpointReader): CheckpointEntry[] {
  return [...reader.tensors.values()].flatMap(({ name, dtype, shape }): CheckpointEntry[] => {
    if (isDType(dtype)) return [{ name, dtype, shape, data: async () => (await reader.read(name)).data }];
    return dtype === 'string' ? [{ name, dtype, shape, data: () => reader.readStrings(name) }] : [];
  });
}

describe('reading what TensorFlow wrote', () => {
  test.each(goldenCases())('%s: every tensor has the values that TensorFlow reads', async (name) => {
    const expected = readJson<ExpectedCheckpoint>(name, 'expected.json');
    await using reader = await openCheckpoint(join(goldenFolder, name, expected.prefix));
    expect(reader.format).toBe(expected.format === 'V1' ? 'tensorflow_v1' : 'tensorflow_v2');
    const tensors = expectedTensors(expected);
    expect([...reader.tensors.keys()].sort()).toEqual(tensors.map((tensor) => tensor.name).sort());
    for (const tensor of tensors) {
      expect(reader.tensors.get(tensor.name)).toMatchObject({ dtype: tensor.dtype, shape: tensor.shape });
      if (tensor.dtype === 'string') {
        const values = await reader.readStrings(tensor.name);
        expect(values.map((value) => Buffer.from(value).toString('base64'))).toEqual(tensor.strings);
      } else if (isDType(tensor.dtype)) {
        const { data, shape } = await reader.read(tensor.name);
        expect({ name: tensor.name, shape, sha256: sha256(bytesOfArray(data)).slice(0, tensor.sha256.length) }).toEqual(
          {
            name: tensor.name,
            shape: tensor.shape,
            sha256: tensor.sha256,
          },
        );
      } else {
        await expect(reader.read(tensor.name)).rejects.toThrow(`is of dtype ${tensor.dtype}`);
      }
    }
  });

  test('sharded V1 is also found by the pattern that TensorFlow puts into its state file', async () => {
    const expected = readJson<ExpectedCheckpoint>('sharded_v1', 'expected.json');
    expect(expected.savePath).toContain('?????');
    await using reader = await openCheckpoint(join(goldenFolder, 'sharded_v1', expected.savePath));
    expect(reader.tensors.size).toBe(expected.tensors.length);
  });
});

describe('writing what TensorFlow writes', () => {
  test("the specification's V1 file, byte for byte", async () => {
    const path = join(folder, 'model.ckpt');
    await writeCheckpoint(path, specEntries, { format: 'tensorflow_v1' });
    expect(readFileSync(path).toString('hex')).toBe(specV1.toString('hex'));
  });

  test("the specification's V2 files, byte for byte", async () => {
    const path = join(folder, 'model.ckpt-7');
    await writeCheckpoint(path, specEntries);
    expect(readFileSync(`${path}.index`).toString('hex')).toBe(specV2Index.toString('hex'));
    expect(readFileSync(`${path}.data-00000-of-00001`).toString('hex')).toBe(specV2Data.toString('hex'));
  });

  const whole = goldenCases().filter((name) => !/sharded|partitioned/.test(name));
  test.each(whole)('%s: written again from its values, byte for byte', async (name) => {
    const expected = readJson<ExpectedCheckpoint>(name, 'expected.json');
    await using reader = await openCheckpoint(join(goldenFolder, name, expected.prefix));
    const opaque = expectedTensors(expected).filter(({ dtype }) => dtype !== 'string' && !isDType(dtype)).length;
    const path = join(folder, expected.prefix);
    const entries = entriesOf(reader);
    const format = expected.format === 'V1' ? 'tensorflow_v1' : 'tensorflow_v2';
    await writeCheckpoint(path, entries, { format });
    if (opaque > 0) {
      // Without the complex tensors the files cannot be the same, but all other values must be.
      await using again = await openCheckpoint(path);
      expect([...again.tensors.keys()]).toEqual(entries.map((entry) => entry.name));
      for (const { name: tensor, dtype } of entries) {
        const read = (from: CheckpointReader) => (dtype === 'string' ? from.readStrings(tensor) : from.read(tensor));
        expect(await read(again)).toEqual(await read(reader));
      }
      return;
    }
    for (const file of expected.files) {
      expect({ file: file.name, sha256: sha256(readFileSync(join(folder, file.name))) }).toEqual({
        file: file.name,
        sha256: file.sha256,
      });
    }
  });

  type Hashes = Record<'V1' | 'V2', { name: string; bytes: number; sha256: string }[]>;
  const hashes = readJson<{ blocks: Hashes & { tensors: [string, number[], number][] }; longIndex: Hashes }>(
    'hashes.json',
  );

  function expectFiles(files: Hashes['V1']): void {
    for (const { name, bytes, sha256: wanted } of files) {
      const written = readFileSync(join(folder, name));
      expect({ name, bytes: written.length, sha256: sha256(written) }).toEqual({ name, bytes, sha256: wanted });
    }
  }

  test.each(['V1', 'V2'] as const)('%s with tensors around the block size, byte for byte', async (version) => {
    const entries = hashes.blocks.tensors.map(([name, shape, stream]): CheckpointEntry => {
      const length = shape.reduce((a, b) => a * b, 1);
      return { name, dtype: 'float32', shape, data: () => uniform(length, stream) };
    });
    const format = version === 'V1' ? 'tensorflow_v1' : 'tensorflow_v2';
    await writeCheckpoint(join(folder, 'model.ckpt'), entries, { format });
    expectFiles(hashes.blocks[version]);
  });

  test('V2 with 4000 long names, byte for byte', async () => {
    const scope = 'a_rather_long_scope/'.repeat(12);
    const entries = Array.from({ length: 4000 }, (_, i): CheckpointEntry => {
      const name = `${scope}layer_${String(i).padStart(4, '0')}/weights`;
      return { name, dtype: 'float32', shape: [1], data: uniform(1, i) };
    });
    await writeCheckpoint(join(folder, 'model.ckpt'), entries);
    expectFiles(hashes.longIndex.V2);
  });
});
