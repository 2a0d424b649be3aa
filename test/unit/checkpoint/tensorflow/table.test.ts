import { memorySource } from '../../../../lib/checkpoint/files/byte_source.js';
import { TableReader, tableMagic } from '../../../../lib/checkpoint/tensorflow/table_reader.js';
import { TableWriter } from '../../../../lib/checkpoint/tensorflow/table_writer.js';
import { CheckpointError } from '../../../../lib/errors.js';
import { crc32c, maskCrc } from '../../../../lib/formats/crc32c.js';
import { context, hash, MemorySink } from '../fixtures.js';

type Pair = [key: string, value: Uint8Array];

async function writeTable(pairs: Pair[]): Promise<Buffer> {
  const sink = new MemorySink();
  const writer = new TableWriter(sink, crc32c);
  for (const [key, value] of pairs) await writer.add(Buffer.from(key, 'latin1'), [value]);
  await writer.finish();
  return sink.bytes;
}

/** A copy of the value under a key. */
const get = (table: TableReader, key: Uint8Array): Promise<Uint8Array | undefined> =>
  table.withEntry(key, (entry) => entry?.value.slice());

const open = (bytes: Uint8Array): Promise<TableReader> => TableReader.open(memorySource(bytes, 'table'), context);

/** A table of one block with the given contents and compression type, all checksums right. */
function tableOf(contents: number[], type = 0, index?: number[]): Buffer {
  const block = (body: number[], kind: number): Buffer => {
    const bytes = Buffer.from([...body, kind]);
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(maskCrc(crc32c(bytes)));
    return Buffer.concat([bytes, crc]);
  };
  const restart = [0, 0, 0, 0, 1, 0, 0, 0];
  const data = block(contents, type);
  const meta = block(restart, 0);
  const entry = index ?? [0, 1, 2, 0x7f, 0, contents.length];
  const last = block([...entry, ...restart], 0);
  const footer = Buffer.alloc(48);
  footer.set([data.length, meta.length - 5, data.length + meta.length, last.length - 5]);
  footer.set(tableMagic, 40);
  return Buffer.concat([data, meta, last, footer]);
}

const restart = [0, 0, 0, 0, 1, 0, 0, 0];

test('entries of many sizes come back, by order and by key', async () => {
  const pairs: Pair[] = Array.from({ length: 3000 }, (_, i) => {
    const size = i % 250 === 7 ? 300_000 + 600_000 * (i % 3) : Math.floor(2000 * hash(i, 1));
    return [`scope/${String(i).padStart(5, '0')}`, new Uint8Array(size).fill(i & 0xff)];
  });
  const table = await open(await writeTable(pairs));
  const wrong: string[] = [];
  let count = 0;
  for await (const { key, value } of table.entries()) {
    const [wantedKey, wanted] = pairs[count++] as Pair;
    if (Buffer.from(key).toString() !== wantedKey || Buffer.compare(value, wanted) !== 0) wrong.push(wantedKey);
  }
  expect(count).toBe(pairs.length);
  for (const i of [0, 1, 499, 507, 1500, 2999]) {
    const [key, wanted] = pairs[i] as Pair;
    expect(Buffer.compare((await get(table, Buffer.from(key))) ?? new Uint8Array(0), wanted)).toBe(0);
  }
  // Several at once, among them those of blocks that share a buffer.
  const together = await Promise.all(pairs.map(([key]) => get(table, Buffer.from(key))));
  for (const [i, [key, wanted]] of pairs.entries())
    if (Buffer.compare(together[i] ?? new Uint8Array(0), wanted) !== 0) wrong.push(key);
  expect(wrong).toEqual([]);
  for (const absent of ['', 'scope/', 'scope/00000x', 'scope/99999', 'z']) {
    expect(await get(table, Buffer.from(absent))).toBeUndefined();
  }
});

test('an empty table has no entries', async () => {
  const table = await open(await writeTable([]));
  expect(await table.first()).toBeUndefined();
  expect(await get(table, Buffer.from('a'))).toBeUndefined();
});

test('keys that end in ff bytes get an index key that still finds them', async () => {
  const big = new Uint8Array(300_000);
  const pairs: Pair[] = [
    ['a\xff', big],
    ['a\xff\xff', big],
    ['b', big],
    ['\xff\xff', big],
  ];
  const table = await open(await writeTable(pairs));
  for (const [key] of pairs) expect((await get(table, Buffer.from(key, 'latin1')))?.length).toBe(big.length);
});

test('keys out of order are refused when written', async () => {
  await expect(
    writeTable([
      ['b', new Uint8Array(1)],
      ['a', new Uint8Array(1)],
    ]),
  ).rejects.toThrow('increasing order');
});

test('a block compressed with Snappy is read', async () => {
  const plain = [0, 1, 8, 0x61, ...Buffer.from('abababab'), ...restart];
  const compressed = [plain.length, 5 << 2, ...plain.slice(0, 6), (5 << 2) | 2, 2, 0, 7 << 2, ...restart];
  const table = await open(tableOf(compressed, 1));
  expect(Buffer.from((await table.first())?.value ?? []).toString()).toBe('abababab');
});

test.each([
  ['an unknown compression type', tableOf([0, 1, 1, 0x61, 9, ...restart], 2), 'type 2'],
  ['no restart point', tableOf([0, 1, 1, 0x61, 9, 0, 0, 0, 0]), 'restart'],
  ['more restart points than bytes', tableOf([0, 1, 1, 0x61, 9, 0xff, 0xff, 0xff, 0xff]), 'restart'],
  ['a key that shares more than there is', tableOf([1, 1, 1, 0x61, 9, ...restart]), 'shares'],
  ['an entry past the end', tableOf([0, 1, 9, 0x61, 9, ...restart]), 'passes the end'],
  [
    'a number that does not end',
    tableOf([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...restart]),
    'number',
  ],
  ['keys that repeat', tableOf([0, 1, 0, 0x61, 0, 1, 0, 0x61, ...restart]), 'do not increase'],
  ['a key beyond the index', tableOf([0, 1, 0, 0x90, ...restart]), 'index places elsewhere'],
  ['a block beyond the file', tableOf([0, 1, 0, 0x61, ...restart], 0, [0, 1, 3, 0x7f, 0, 0x80, 0x7f]), 'should lie at'],
])('refuses %s', async (_, bytes, message) => {
  const reading = open(bytes).then((table) => table.first());
  await expect(reading).rejects.toThrow(CheckpointError);
  await expect(reading).rejects.toThrow(message);
});

test('keys that expand without limit are refused', async () => {
  const key = Array.from({ length: 20_000 }, () => 0x10);
  const contents = [0, 0xa0, 0x9c, 0x01, 0, ...key];
  for (let i = 0; i < 60; i++) contents.push(0xa0 + i, 0x9c, 0x01, 1, 0, 0x11);
  // Offset 0, and the size of the block in three bytes.
  const size = contents.length + restart.length;
  const handle = [0, (size & 0x7f) | 0x80, ((size >> 7) & 0x7f) | 0x80, size >> 14];
  const bytes = tableOf([...contents, ...restart], 0, [0, 1, 4, 0x7f, ...handle]);
  // The data block is longer than one byte can say: the footer's handles are written anew.
  const footer = bytes.subarray(bytes.length - 48);
  const meta = size + 5;
  const three = (value: number): number[] => [(value & 0x7f) | 0x80, ((value >> 7) & 0x7f) | 0x80, value >> 14];
  footer.fill(0, 0, 40);
  footer.set([...three(meta), 8, ...three(meta + 13), 16]);
  const reading = open(bytes).then((table) => table.first());
  await expect(reading).rejects.toThrow('expand without limit');
});
