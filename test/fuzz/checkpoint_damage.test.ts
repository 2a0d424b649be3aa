/**
 * Damaged checkpoints: cut off anywhere, any bit flipped, lying tables of contents. Each must give a CheckpointError or
 * the values as they were; nothing else may be thrown, nothing hang, and nothing may be allocated that the file could
 * not fill.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ByteSource, memorySource } from '../../lib/checkpoint/files/byte_source.js';
import { openSafetensors } from '../../lib/checkpoint/safetensors/reader.js';
import { writeSafetensors } from '../../lib/checkpoint/safetensors/writer.js';
import { openBundleV2 } from '../../lib/checkpoint/tensorflow/bundle_v2.js';
import { writeSavedMeta } from '../../lib/checkpoint/tensorflow/message_writer.js';
import { openSlicesV1 } from '../../lib/checkpoint/tensorflow/slices_v1.js';
import { TableWriter } from '../../lib/checkpoint/tensorflow/table_writer.js';
import type { FormatReader } from '../../lib/checkpoint/types.js';
import { isDType } from '../../lib/core/dtype.js';
import { CheckpointError } from '../../lib/errors.js';
import { crc32c, maskCrc } from '../../lib/formats/crc32c.js';
import {
  context,
  goldenFolder,
  MemorySink,
  specEntries,
  specV1,
  specV2Data,
  specV2Index,
} from '../unit/checkpoint/fixtures.js';

/** A checkpoint in memory: one or several files. */
interface Case {
  readonly files: readonly Uint8Array[];
  open(files: readonly Uint8Array[]): Promise<FormatReader>;
}

const named = (bytes: Uint8Array, i: number): ByteSource => memorySource(bytes, `file ${i}`);

const openV1 = (files: readonly Uint8Array[]): Promise<FormatReader> => openSlicesV1(files.map(named), context);

const openV2 = (files: readonly Uint8Array[]): Promise<FormatReader> => {
  const [index, ...shards] = files.map(named) as [ByteSource, ...ByteSource[]];
  return openBundleV2(
    index,
    async (shard) => {
      const source = shards[shard];
      if (source === undefined) throw new CheckpointError(`There is no shard ${shard}.`);
      return source;
    },
    context,
  );
};

const golden = (...path: string[]): Uint8Array => readFileSync(join(goldenFolder, ...path));

const cases: Record<string, Case> = {
  'V1 of the specification': { files: [specV1], open: openV1 },
  'V2 of the specification': { files: [specV2Index, specV2Data], open: openV2 },
  'V1 of many types': { files: [golden('numbers_v1', 'model.ckpt')], open: openV1 },
  'V2 of all types': {
    files: [golden('all_types_v2', 'model.ckpt.index'), golden('all_types_v2', 'model.ckpt.data-00000-of-00001')],
    open: openV2,
  },
  'V1 of sharded partitions': {
    files: [0, 1].map((i) => golden('partitioned_sharded_v1', `model.ckpt-0000${i}-of-00002`)),
    open: openV1,
  },
  'V2 of sharded partitions': {
    files: ['index', 'data-00000-of-00002', 'data-00001-of-00002'].map((end) =>
      golden('partitioned_sharded_v2', `model.ckpt.${end}`),
    ),
    open: openV2,
  },
};

/** Everything that can be read, as text; checks on the way that no more is allocated than the files could fill. */
async function readAll(testCase: Case, files: readonly Uint8Array[]): Promise<string> {
  const reader = await testCase.open(files);
  const lines: string[] = [];
  // A varint takes at least one byte of a file and gives at most eight.
  const limit = 8 * files.reduce((sum, file) => sum + file.length, 0);
  for (const info of reader.tensors.values()) {
    let values = '';
    if (isDType(info.dtype)) {
      let target = new Uint8Array(0);
      await reader.load(info, () => {
        if (info.bytes > limit) throw new Error(`allocates ${info.bytes} bytes for files of ${limit / 8}`);
        target = new Uint8Array(info.bytes);
        return target;
      });
      values = Buffer.from(target).toString('hex');
    } else if (info.dtype === 'string') {
      values = (await reader.loadStrings(info)).map((value) => Buffer.from(value).toString('hex')).join(',');
    }
    lines.push(`${info.name} ${info.dtype} [${info.shape}] ${values}`);
  }
  return lines.join('\n');
}

/** Reads damaged files. @returns whether that was refused. @throws when it was neither refused nor harmless. */
async function refused(testCase: Case, files: readonly Uint8Array[], intact: string, what: string): Promise<boolean> {
  try {
    const read = await readAll(testCase, files);
    if (read === intact) return false;
    throw new Error(`${what}: other values were read without complaint`);
  } catch (error) {
    if (error instanceof CheckpointError) return true;
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}

/** A small generator of fixed seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const replaced = (files: readonly Uint8Array[], i: number, bytes: Uint8Array): Uint8Array[] =>
  files.map((file, k) => (k === i ? bytes : file));

describe.each(Object.entries(cases))('%s', (_, testCase) => {
  test('cut off after any byte', async () => {
    const intact = await readAll(testCase, testCase.files);
    let count = 0;
    for (const [i, file] of testCase.files.entries()) {
      for (let length = 0; length < file.length; length++) {
        if (
          await refused(
            testCase,
            replaced(testCase.files, i, file.subarray(0, length)),
            intact,
            `file ${i} of ${length}`,
          )
        )
          count++;
      }
    }
    expect(count).toBe(testCase.files.reduce((sum, file) => sum + file.length, 0));
  });

  test('with any bit flipped, and with several', async () => {
    const intact = await readAll(testCase, testCase.files);
    const random = randomNumbers(7);
    let harmless = 0;
    const rounds = 3500;
    for (let round = 0; round < rounds; round++) {
      const i = Math.floor(random() * testCase.files.length);
      const bytes = Uint8Array.from(testCase.files[i] as Uint8Array);
      const flips = round % 5 === 4 ? 2 + Math.floor(random() * 6) : 1;
      for (let flip = 0; flip < flips; flip++) {
        const at = Math.floor(random() * bytes.length);
        bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8));
      }
      if (!(await refused(testCase, replaced(testCase.files, i, bytes), intact, `round ${round}`))) harmless++;
    }
    // Only the padding of the footer is free of meaning, and types that are listed but not read.
    expect(harmless).toBeLessThan(rounds / 4);
  });

  test('with bytes that were inserted, removed or overwritten', async () => {
    const intact = await readAll(testCase, testCase.files);
    const random = randomNumbers(11);
    for (let round = 0; round < 600; round++) {
      const i = Math.floor(random() * testCase.files.length);
      const file = Buffer.from(testCase.files[i] as Uint8Array);
      const at = Math.floor(random() * file.length);
      const length = Math.floor(random() * 12);
      const noise = Buffer.alloc(length).map(() => Math.floor(random() * 256));
      const skipped = round % 3 === 0 ? 0 : Math.floor(random() * 12);
      const bytes = Buffer.concat([
        file.subarray(0, at),
        round % 3 === 1 ? Buffer.alloc(0) : noise,
        file.subarray(at + skipped),
      ]);
      await refused(testCase, replaced(testCase.files, i, bytes), intact, `round ${round}`);
    }
  });
});

/** Blocks with the right checksum: what remains to be refused is what the contents say. */
describe('damage behind a right checksum', () => {
  /** Ends of the blocks of a small table: each checksum is found by trying where one fits. */
  function blocksOf(file: Uint8Array): [start: number, end: number][] {
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    const blocks: [number, number][] = [];
    let start = 0;
    for (let end = 1; end + 4 <= file.length - 48; end++) {
      if (view.getUint32(end, true) !== maskCrc(crc32c(file.subarray(start, end)))) continue;
      blocks.push([start, end]);
      start = end + 4;
      end = start;
    }
    return blocks;
  }

  test.each(Object.entries(cases))('%s: no other error, no hang, no large allocation', async (_, testCase) => {
    const random = randomNumbers(13);
    const tables = testCase.open === openV2 ? 1 : testCase.files.length;
    const blocks = testCase.files.slice(0, tables).map(blocksOf);
    for (const found of blocks) expect(found).toHaveLength(3);
    let errors = 0;
    const rounds = 4000;
    for (let round = 0; round < rounds; round++) {
      const i = Math.floor(random() * tables);
      const bytes = Uint8Array.from(testCase.files[i] as Uint8Array);
      const [start, end] = (blocks[i] as [number, number][])[round % 3] as [number, number];
      for (let flip = 0; flip <= round % 4; flip++) {
        const at = start + Math.floor(random() * (end - start));
        bytes[at] =
          round % 2 === 0 ? Math.floor(random() * 256) : (bytes[at] as number) ^ (1 << Math.floor(random() * 8));
      }
      new DataView(bytes.buffer).setUint32(end, maskCrc(crc32c(bytes.subarray(start, end))), true);
      // A changed name or value cannot be noticed: only how it fails is of interest.
      await readAll(testCase, replaced(testCase.files, i, bytes)).catch((error: unknown) => {
        if (!(error instanceof CheckpointError)) throw new Error(`round ${round}: ${String(error)}`, { cause: error });
        errors++;
      });
    }
    expect(errors).toBeGreaterThan(rounds / 4);
  });
});

test('safetensors: cut off anywhere is refused; flipped bits give other values or a CheckpointError', async () => {
  const sink = new MemorySink();
  await writeSafetensors(sink, specEntries, { note: 'x' });
  const file = sink.bytes;
  const testCase: Case = {
    files: [file],
    open: ([bytes]) => openSafetensors(memorySource(bytes as Uint8Array, 'x'), context),
  };
  const intact = await readAll(testCase, [file]);
  for (let length = 0; length < file.length; length++) {
    expect(await refused(testCase, [file.subarray(0, length)], intact, `cut at ${length}`)).toBe(true);
  }
  for (let bit = 0; bit < 8 * file.length; bit++) {
    const bytes = Uint8Array.from(file);
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    await readAll(testCase, [bytes]).catch((error: unknown) => {
      if (!(error instanceof CheckpointError)) throw new Error(`bit ${bit}: ${String(error)}`, { cause: error });
    });
  }
});

describe('a V1 table of contents that lies', () => {
  type Meta = Parameters<typeof writeSavedMeta>[0][number];
  const honest: Meta = { name: 'x', dtype: 1, shape: [2], slices: [[{ start: 0, length: undefined }]] };

  async function open(tensors: Meta[]): Promise<FormatReader> {
    const sink = new MemorySink();
    const table = new TableWriter(sink, crc32c);
    await table.add(new Uint8Array(0), [writeSavedMeta(tensors)]);
    await table.finish();
    return openV1([sink.bytes]);
  }

  test.each([
    ['a shape that the file cannot fill', { shape: [2 ** 40] }, 'more elements'],
    ['dimensions whose product overflows', { shape: [2 ** 40, 2 ** 40] }, 'impossible shape'],
    ['a negative dimension', { shape: [-1] }, 'impossible shape'],
    ['no data type', { dtype: 0 }, 'invalid data type'],
    ['no name', { name: '' }, 'no name'],
    ['no slices', { slices: [] }, 'incomplete'],
    ['a slice of another rank', { slices: [[]] }, 'impossible slice'],
    ['a slice past the end', { slices: [[{ start: 1, length: 2 }]] }, 'impossible slice'],
    ['slices that overlap', { shape: [4], slices: [0, 1].map((start) => [{ start, length: 2 }]) }, 'overlap'],
    ['slices with a hole', { shape: [4], slices: [0, 3].map((start) => [{ start, length: 1 }]) }, '2 of 4'],
    [
      'too many slices',
      { shape: [5000], slices: Array.from({ length: 5000 }, (_, start) => [{ start, length: 1 }]) },
      'more than 4096',
    ],
  ])('%s', async (_, lie, message) => {
    const opening = open([{ ...honest, ...lie }]);
    await expect(opening).rejects.toThrow(CheckpointError);
    await expect(opening).rejects.toThrow(message);
  });

  test('one tensor twice with two shapes', async () => {
    await expect(open([honest, { ...honest, shape: [3] }])).rejects.toThrow('is listed as');
  });

  test('values that are not there', async () => {
    const reader = await open([honest]);
    const info = reader.tensors.get('x');
    if (info === undefined) throw new Error('not listed');
    await expect(reader.load(info, () => new Uint8Array(8))).rejects.toThrow('missing, although it is listed');
  });
});
