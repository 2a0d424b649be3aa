import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { memorySource } from '../../../lib/checkpoint/files/byte_source.js';
import { openCheckpoint, writeCheckpoint } from '../../../lib/checkpoint/index.js';
import { openBundleV2 } from '../../../lib/checkpoint/tensorflow/bundle_v2.js';
import { writeBundleEntry } from '../../../lib/checkpoint/tensorflow/message_writer.js';
import { TableWriter } from '../../../lib/checkpoint/tensorflow/table_writer.js';
import { ArgumentError, CheckpointError, ExecutionError } from '../../../lib/errors.js';
import { crc32c, maskCrc } from '../../../lib/formats/crc32c.js';
import {
  context,
  goldenFolder,
  MemorySink,
  makeFolder,
  removeFolder,
  specEntries,
  specV1,
  specV2Data,
  specV2Index,
} from './fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

const at = (...names: string[]): string => join(folder, ...names);

function writeSpecV1(name = 'model.ckpt'): string {
  writeFileSync(at(name), specV1);
  return at(name);
}

function writeSpecV2(name = 'model.ckpt'): string {
  writeFileSync(at(`${name}.index`), specV2Index);
  writeFileSync(at(`${name}.data-00000-of-00001`), specV2Data);
  return at(name);
}

async function readWeights(path: string): Promise<number[]> {
  await using reader = await openCheckpoint(path);
  return [...((await reader.read('a/weights')).data as Float32Array)];
}

const weights = [1.5, -2, 0.25, 3];

describe('recognises a checkpoint by its contents', () => {
  test('a V1 file of any name', async () => {
    expect(await readWeights(writeSpecV1('anything.safetensors'))).toEqual(weights);
  });

  test('a V2 checkpoint by its prefix, its index, or its data file', async () => {
    const prefix = writeSpecV2();
    expect(await readWeights(prefix)).toEqual(weights);
    expect(await readWeights(`${prefix}.index`)).toEqual(weights);
    expect(await readWeights(`${prefix}.data-00000-of-00001`)).toEqual(weights);
  });

  test('V2 goes before V1 where both have the name', async () => {
    writeSpecV1();
    await using reader = await openCheckpoint(writeSpecV2());
    expect(reader.format).toBe('tensorflow_v2');
  });

  test('a safetensors file of any name', async () => {
    await writeCheckpoint(at('weights.bin'), specEntries, { format: 'safetensors' });
    expect(await readWeights(at('weights.bin'))).toEqual(weights);
  });

  test('a folder by its checkpoint file', async () => {
    await using reader = await openCheckpoint(join(goldenFolder, 'state'));
    expect(reader.path).toBe(join(goldenFolder, 'state', 'model.ckpt-15'));
    expect([...((await reader.read('global_step')).data as BigInt64Array)]).toEqual([15n]);
  });

  test('one V1 shard stands for all of them', async () => {
    const shards = join(goldenFolder, 'sharded_v1');
    await using whole = await openCheckpoint(join(shards, 'model.ckpt'));
    await using one = await openCheckpoint(join(shards, 'model.ckpt-00001-of-00002'));
    expect([...one.tensors.keys()]).toEqual([...whole.tensors.keys()]);
  });
});

describe('says what is wrong', () => {
  test.each([
    ['nothing.ckpt', Buffer.alloc(0), 'empty'],
    ['net.tar.gz', Buffer.from('1f8b0800000000000000', 'hex'), 'gzip'],
    ['page.ckpt', Buffer.from('<!DOCTYPE html><html></html>'), 'web page'],
    ['lfs.ckpt', Buffer.from('version https://git-lfs.github.com/spec/v1\n'), 'Git LFS'],
    ['torch.pth', Buffer.from('PK\x03\x04 and so on'), 'zip'],
    ['model.ckpt.meta', Buffer.from('graph'), '.meta'],
    ['model.ckpt.data-00000-of-00001', Buffer.from('1234567890'), '.index'],
    ['cut.ckpt', specV1.subarray(0, 300), 'cut off'],
  ])('a file of another kind: %s', async (name, bytes, message) => {
    writeFileSync(at(name), bytes);
    const opening = openCheckpoint(at(name));
    await expect(opening).rejects.toThrow(CheckpointError);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toMatchObject({ path: at(name), code: 'ERR_CHECKPOINT' });
  });

  test('no such checkpoint, with the files that it may have meant', async () => {
    writeSpecV2('model.ckpt-100');
    await expect(openCheckpoint(at('model.ckpt-10'))).rejects.toThrow('The folder has model.ckpt-100.');
    await expect(openCheckpoint(at('no', 'such', 'folder'))).rejects.toThrow(CheckpointError);
  });

  test('a folder without a checkpoint file, with what is in it', async () => {
    writeSpecV1();
    await expect(openCheckpoint(folder)).rejects.toThrow('model.ckpt');
  });

  test('a tensor that is not there, with similar names', async () => {
    await using reader = await openCheckpoint(writeSpecV1());
    await expect(reader.read('b/a/weights')).rejects.toThrow(/Key b\/a\/weights not found in checkpoint.*a\/weights/);
  });

  test('a V2 index that was renamed', async () => {
    renameSync(`${writeSpecV2()}.index`, at('model.idx'));
    await expect(openCheckpoint(at('model.idx'))).rejects.toThrow('does not end in .index');
  });

  test('a V2 data file that is missing, short, or of another checkpoint', async () => {
    const prefix = writeSpecV2();
    const data = `${prefix}.data-00000-of-00001`;
    writeFileSync(data, Buffer.from(specV2Data).fill(1, 8, 9));
    await using reader = await openCheckpoint(prefix);
    await expect(reader.read('a/weights')).rejects.toThrow('checksum of a/weights');
    await expect(reader.read('a/weights')).rejects.toMatchObject({ path: data, offset: 8 });
    truncateSync(data, 43);
    await expect(openCheckpoint(prefix)).rejects.toThrow('the shard has 43');
    unlinkSync(data);
    await expect(openCheckpoint(prefix)).rejects.toThrow('ENOENT');
  });

  test('a V1 shard that is missing', async () => {
    for (const name of readdirSync(join(goldenFolder, 'sharded_v1')))
      copyFileSync(join(goldenFolder, 'sharded_v1', name), at(name));
    unlinkSync(at('model.ckpt-00000-of-00002'));
    await expect(openCheckpoint(at('model.ckpt'))).rejects.toThrow('Shard 0 of 2 is missing');
  });

  test('V1 shards of two checkpoints under one name', async () => {
    writeSpecV1('m-00000-of-00001');
    writeSpecV1('m-00000-of-00002');
    await expect(openCheckpoint(at('m'))).rejects.toThrow('several checkpoints');
    expect(await readWeights(at('m-?????-of-00001'))).toEqual(weights);
  });

  test.each([[''], ['a\0b'], [7 as unknown as string]])('a path that is none: %j', async (path) => {
    await expect(openCheckpoint(path)).rejects.toThrow(ArgumentError);
  });

  test('a folder where the index should be', async () => {
    mkdirSync(at('model.ckpt.index'));
    await expect(openCheckpoint(at('model.ckpt'))).rejects.toThrow(CheckpointError);
  });
});

describe('an open checkpoint', () => {
  test.each([
    ['tensorflow_v1', () => writeSpecV1()],
    ['tensorflow_v2', () => writeSpecV2()],
  ])('%s reads into an array of the caller', async (_, write) => {
    await using reader = await openCheckpoint(write());
    const target = new Float32Array(6);
    await reader.readInto('a/weights', target.subarray(1, 5));
    expect([...target]).toEqual([0, ...weights, 0]);
    await expect(reader.readInto('a/weights', new Float32Array(3))).rejects.toThrow(ArgumentError);
    await expect(reader.readInto('a/weights', new Int32Array(4))).rejects.toThrow(ArgumentError);
  });

  test('reads many tensors at once', async () => {
    await using reader = await openCheckpoint(join(goldenFolder, 'small_resnet_v1_v1', 'resnet.ckpt'));
    const names = [...reader.tensors.keys()];
    const together = await Promise.all(names.map((name) => reader.read(name)));
    for (const [i, name] of names.entries()) expect(together[i]).toEqual(await reader.read(name));
  });

  test('refuses tensors over the limit', async () => {
    await using reader = await openCheckpoint(writeSpecV1(), { maxTensorBytes: 15 });
    await expect(reader.read('a/weights')).rejects.toThrow('limit of 15');
    await expect(reader.read('a/biases')).resolves.toBeDefined();
  });

  test('a limit that is no number is refused', async () => {
    const opening = openCheckpoint(writeSpecV1(), { maxTensorBytes: Number.NaN });
    await expect(opening).rejects.toThrow(ArgumentError);
  });

  test('reads no more once it is closed, and closes twice without complaint', async () => {
    const reader = await openCheckpoint(writeSpecV2());
    await reader.close();
    await reader.close();
    await expect(reader.read('d')).rejects.toThrow(ExecutionError);
    await expect(reader.read('d')).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });

  test('stops when its signal fires', async () => {
    const controller = new AbortController();
    await using reader = await openCheckpoint(writeSpecV2(), { signal: controller.signal });
    await reader.read('d');
    controller.abort();
    await expect(reader.read('d')).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect(openCheckpoint(at('model.ckpt'), { signal: controller.signal })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });

  test('uses the checksum that it is given', async () => {
    let calls = 0;
    const counting = (bytes: Uint8Array, seed?: number): number => {
      calls++;
      return crc32c(bytes, seed);
    };
    await using reader = await openCheckpoint(writeSpecV2(), { crc32c: counting });
    await reader.read('d');
    expect(calls).toBeGreaterThan(2);
    await expect(openCheckpoint(at('model.ckpt'), { crc32c: () => 1 })).rejects.toThrow('checksum');
  });

  test('numbers and strings are read by their own methods', async () => {
    await using reader = await openCheckpoint(join(goldenFolder, 'all_types_v2', 'model.ckpt'));
    await expect(reader.read('string/vector')).rejects.toThrow('readStrings');
    await expect(reader.readStrings('bool/vector')).rejects.toThrow('Expected strings');
  });
});

/** A V2 checkpoint in memory with the given header and entries; `data` is its only shard. */
async function bundle(header: string, entries: [string, Parameters<typeof writeBundleEntry>[0]][], data: Buffer) {
  const sink = new MemorySink();
  const table = new TableWriter(sink, crc32c);
  await table.add(Buffer.alloc(0), [Buffer.from(header, 'hex')]);
  for (const [name, entry] of entries) await table.add(Buffer.from(name), [writeBundleEntry(entry)]);
  await table.finish();
  return openBundleV2(memorySource(sink.bytes, 'x.index'), async () => memorySource(data, 'x.data'), context);
}

const floats = Buffer.from('3fc00000c0000000', 'hex');
const entry = { dtype: 1, shape: [2], shard: 0, offset: 0, size: 8, crc: maskCrc(crc32c(floats)), slices: [] };
const header = '08011a020801';

test('data beyond 4 GiB is read from its place', async () => {
  const far = 5 * 2 ** 30 + 3;
  const sink = new MemorySink();
  const table = new TableWriter(sink, crc32c);
  await table.add(Buffer.alloc(0), [Buffer.from(header, 'hex')]);
  await table.add(Buffer.from('x'), [writeBundleEntry({ ...entry, offset: far })]);
  await table.finish();
  writeFileSync(at('far.index'), sink.bytes);
  // A sparse file: it takes no room on the disk.
  const file = openSync(at('far.data-00000-of-00001'), 'w');
  writeSync(file, floats, 0, floats.length, far);
  closeSync(file);
  await using reader = await openCheckpoint(at('far'));
  const { data } = await reader.read('x');
  expect(Buffer.from(data.buffer).toString('hex')).toBe(floats.toString('hex'));
});

test('a big-endian V2 checkpoint is read in the byte order of the machine', async () => {
  const reader = await bundle('080110011a020801', [['x', entry]], floats);
  const target = new Float32Array(2);
  await reader.load({ name: 'x', dtype: 'float32', shape: [2], bytes: 8 }, () => new Uint8Array(target.buffer));
  expect([...target]).toEqual([1.5, -2]);
});

describe('a V2 index that lies', () => {
  test.each([
    ['more bytes than the shard has', { ...entry, shape: [3], size: 12 }, 'the shard has 8'],
    ['an offset beyond the shard', { ...entry, offset: 4 }, 'the shard has 8'],
    ['an offset over 2^53', { ...entry, offset: 2 ** 60 }, 'claims 8 bytes'],
    ['a negative size', { ...entry, size: -8 }, 'claims -8 bytes'],
    ['a size that the shape does not have', { ...entry, shape: [1] }, 'takes 4'],
    ['a negative dimension', { ...entry, shape: [-2] }, 'impossible shape'],
    ['dimensions whose product overflows', { ...entry, shape: [2 ** 40, 2 ** 40] }, 'impossible shape'],
    ['a shard that there is not', { ...entry, shard: 1 }, 'Expected a shard'],
    ['a negative shard', { ...entry, shard: -1 }, 'Expected a shard'],
    ['no data type', { ...entry, dtype: 0 }, 'invalid data type'],
    ['a slice that is missing', { ...entry, slices: [[{ start: 0, length: 2 }]] }, 'lacks its slice'],
    ['a slice beyond the tensor', { ...entry, slices: [[{ start: 1, length: 2 }]] }, 'impossible slice'],
  ])('%s', async (_, lie, message) => {
    const opening = bundle(header, [['x', lie]], floats);
    await expect(opening).rejects.toThrow(CheckpointError);
    await expect(opening).rejects.toThrow(message);
  });

  test('tensors that share bytes', async () => {
    await expect(
      bundle(
        header,
        [
          ['x', entry],
          ['y', entry],
        ],
        floats,
      ),
    ).rejects.toThrow('overlaps "x"');
  });

  test.each([
    ['no shards', '1a020801', 'at least 1 shard'],
    ['a version that only newer readers may read', '08011a0408021002', 'min_consumer 2'],
    ['a byte order that there is not', '080110021a020801', 'endianness 2'],
    ['a malformed header', '0801ff', 'malformed'],
  ])('%s', async (_, bytes, message) => {
    await expect(bundle(bytes, [['x', entry]], floats)).rejects.toThrow(message);
  });
});

test('files are closed when opening fails', async () => {
  const before = readdirSync('/proc/self/fd').length;
  writeFileSync(at('bad.ckpt'), Buffer.from(specV1).fill(9, 0, 20));
  for (let i = 0; i < 50; i++) await expect(openCheckpoint(at('bad.ckpt'))).rejects.toThrow(CheckpointError);
  const prefix = writeSpecV2();
  truncateSync(`${prefix}.data-00000-of-00001`, 10);
  for (let i = 0; i < 50; i++) await expect(openCheckpoint(prefix)).rejects.toThrow(CheckpointError);
  expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 20);
  expect(readFileSync(at('bad.ckpt')).length).toBe(specV1.length);
});
