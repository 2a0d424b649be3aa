import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ResultFiles } from '../../../../lib/cli/batch/result_files.js';
import { ArgumentError, DataError, OutputError } from '../../../../lib/errors.js';
import { type FakeBatch, fakeBatch, optionsOf, size } from '../../../helpers/batches.js';
import { readNpy } from '../../../helpers/npy.js';
import { mountSmallDisk } from '../../../helpers/small_disk.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-batch-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const contents = () =>
  Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(at(name)).toString('latin1')]),
  );

/** Runs a batch until so many images are done, and leaves it as a kill would. */
async function killed(batch: FakeBatch, images: number): Promise<void> {
  const stop = new Error('killed');
  const afterPart = (done: number) => {
    if (done >= images) throw stop;
  };
  await expect(fakeBatch({ ...batch, afterPart })).rejects.toBe(stop);
}

const kinds = [
  ['embed', 'out.jsonl'],
  ['embed', 'out.csv'],
  ['embed', 'out.npy'],
  ['embed', 'out.parquet'],
] as const;

test.each(kinds)('%s into %s that is cut at any byte by a kill ends with the same files', async (command, name) => {
  const batch: FakeBatch = { output: at(name), command, rejects: at('bad.jsonl'), images: 11 };
  await fakeBatch(batch);
  const expected = contents();
  rmSync(folder, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'slimnet-batch-'));
  const again: FakeBatch = { ...batch, output: at(name), rejects: at('bad.jsonl'), begun: 'resume' };
  await killed({ ...again, begun: 'refuse' }, 9);
  const left = contents();
  const part = `${name}.part`;
  for (const file of [part, `${name}.journal`, 'bad.jsonl.part']) {
    const { length } = left[file] as string;
    for (let bytes = 0; bytes <= length; bytes += 1 + Math.floor(length / 23)) {
      for (const [each, text] of Object.entries(left)) writeFileSync(at(each), text, 'latin1');
      truncateSync(at(file), bytes);
      await fakeBatch(again);
      expect(contents()).toEqual(expected);
      for (const each of readdirSync(folder)) rmSync(at(each));
    }
  }
});

test('what a loss of power has put in the place of results is done again', async () => {
  const batch: FakeBatch = { output: at('out.jsonl'), images: 20 };
  await fakeBatch(batch);
  const expected = contents();
  rmSync(at('out.jsonl.journal'));
  await killed(batch, 15);
  const text = readFileSync(at('out.jsonl.part'));
  text.fill(0, text.length - 10);
  writeFileSync(at('out.jsonl.part'), text);
  const files = await ResultFiles.open({ ...optionsOf(batch).options, begun: 'resume' });
  expect(files.last?.images).toBe(15 - size);
  await files.close();
  await fakeBatch({ ...batch, begun: 'resume' });
  expect(contents()).toEqual(expected);
});

test('a kill at any step of the end leaves what the next run ends', async () => {
  const output = at('out.npy');
  await fakeBatch({ output });
  const expected = contents();
  const journal = expected['out.npy.journal'] as string;
  const cases: (readonly [string, () => void])[] = [
    [
      'before anything has its name',
      () => {
        renameSync(output, `${output}.part`);
        renameSync(`${output}.txt`, `${output}.txt.part`);
      },
    ],
    ['between two names', () => renameSync(`${output}.txt`, `${output}.txt.part`)],
    [
      'after the new head, before the last line of the journal',
      () => {
        renameSync(output, `${output}.part`);
        renameSync(`${output}.txt`, `${output}.txt.part`);
        writeFileSync(at('out.npy.journal'), journal.slice(0, journal.lastIndexOf('{')));
      },
    ],
    ['after all', () => {}],
  ];
  for (const [, undo] of cases) {
    undo();
    await fakeBatch({ output, begun: 'resume' });
    expect(contents()).toEqual(expected);
  }
  rmSync(output);
  await expect(fakeBatch({ output, begun: 'resume' })).rejects.toThrow(
    /says that this file was finished, and it is not there/,
  );
});

test('arrays hold a row for each image that did not fail, and names for them', async () => {
  await fakeBatch({ output: at('out.npy'), rejects: at('bad.jsonl') });
  const { shape, data } = readNpy(readFileSync(at('out.npy')));
  expect(shape).toEqual([17, 4]);
  expect(data[4]).toBe(Math.fround(Math.sin(4)));
  expect(readFileSync(at('out.npy.txt'), 'utf8').split('\n')).toHaveLength(18);
  expect(readFileSync(at('bad.jsonl'), 'utf8')).toMatch(
    /^(\{"file":"\d+\.jpg","error":\{"code":"ERR_IMAGE","message":.*\}\}\n){3}$/,
  );
});

test('a batch that has not ended is not begun anew without being told so', async () => {
  const batch: FakeBatch = { output: at('out.jsonl') };
  await killed(batch, 6);
  const left = contents();
  await expect(fakeBatch(batch)).rejects.toThrow(ArgumentError);
  await expect(fakeBatch(batch)).rejects.toThrow(/was begun and has not ended/);
  expect(contents()).toEqual(left);
});

test('another batch, another shard and other images are not mixed with it', async () => {
  const batch: FakeBatch = { output: at('out.jsonl'), begun: 'resume' };
  await killed(batch, 6);
  const left = contents();
  await expect(fakeBatch({ ...batch, command: 'classify' })).rejects.toThrow(/command is "classify", was "embed"/);
  await expect(fakeBatch({ ...batch, shard: { index: 1, count: 2 } })).rejects.toThrow(
    /shard 0\/1 of a batch, not 1\/2/,
  );
  await expect(fakeBatch({ ...batch, prefix: 'x' })).rejects.toThrow('changed');
  expect(contents()).toEqual(left);
  await fakeBatch(batch);
});

test('a file of another kind at the place of the journal is left alone', async () => {
  for (const text of ['my diary\n', '{}\n']) {
    writeFileSync(at('out.jsonl.journal'), text);
    for (const begun of ['resume', 'refuse', 'replace'] as const)
      await expect(fakeBatch({ output: at('out.jsonl'), begun })).rejects.toThrow(DataError);
    expect(readFileSync(at('out.jsonl.journal'), 'utf8')).toBe(text);
  }
});

test('two processes that write the same output notice each other, and nothing is lost', async () => {
  const batch: FakeBatch = { output: at('out.jsonl'), begun: 'resume' };
  await killed(batch, 6);
  const first = await ResultFiles.open(optionsOf(batch).options);
  for (const begun of ['resume', 'refuse', 'replace'] as const)
    await expect(fakeBatch({ ...batch, begun })).rejects.toThrow(/Another process writes the same output/);
  // Where the file system has no locks, others are noticed by what they write.
  appendFileSync(at('out.jsonl.journal'), '{}\n');
  const place = { unit: 2, index: 0, names: 'x' };
  await expect(first.add(place, 1, 0, [Buffer.from('{}\n')])).rejects.toThrow(OutputError);
  await first.close();
  await fakeBatch(batch);
  await fakeBatch({ output: at('alone.jsonl') });
  expect(readFileSync(at('out.jsonl'))).toEqual(readFileSync(at('alone.jsonl')));
});

test('a disk that is full leaves what was done, to go on with', async () => {
  const disk = mountSmallDisk(16);
  if (disk === null) return;
  try {
    const batch: FakeBatch = { output: join(disk.folder, 'out.jsonl'), images: 2000 };
    await expect(fakeBatch(batch)).rejects.toThrow(/no space is left on the device/);
    const { done } = await ResultFiles.open({ ...optionsOf(batch).options, begun: 'resume' }).then(async (files) => {
      await files.close();
      return { done: files.last?.images ?? 0 };
    });
    expect(done).toBeGreaterThan(10);
    for (const name of readdirSync(disk.folder)) writeFileSync(at(name), readFileSync(join(disk.folder, name)));
    await fakeBatch({ ...batch, output: at('out.jsonl'), begun: 'resume' });
    await fakeBatch({ ...batch, output: at('whole.jsonl') });
    expect(readFileSync(at('out.jsonl'))).toEqual(readFileSync(at('whole.jsonl')));
  } finally {
    disk.remove();
  }
});

test('a place that is none is refused at once', async () => {
  await expect(fakeBatch({ output: '/proc/out.jsonl' })).rejects.toThrow(OutputError);
  await expect(fakeBatch({ output: folder.concat('.jsonl/') })).rejects.toThrow();
  expect(existsSync(at('out.jsonl'))).toBe(false);
  await expect(fakeBatch({ output: at(join('new', `${'x'.repeat(300)}.jsonl`)) })).rejects.toThrow(OutputError);
  expect(existsSync(at('new'))).toBe(false);
});
