import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { fakeBatch } from '../../../helpers/batches.js';
import { slimnet } from '../../../helpers/cli.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-merge-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);

/** Shards of a batch. @returns the arguments of a merge */
async function shards(count: number, ending: string, rejects = false, images = 32): Promise<string[]> {
  const outputs: string[] = [];
  for (let index = 0; index < count; index++) {
    const output = at(`${index}.${ending}`);
    const bad = rejects ? { rejects: at(`bad${index}.jsonl`) } : {};
    await fakeBatch({ output, images, shard: { index, count }, ...bad });
    outputs.push(output);
  }
  return outputs;
}

const bytes = (name: string) => readFileSync(at(name)).toString('latin1');

test.each([
  ['jsonl', 3],
  ['csv', 2],
  ['npy', 5],
  ['jsonl', 20],
] as const)('%s of %d shards in any order becomes what a single run writes', async (ending, count) => {
  const outputs = await shards(count, ending, true);
  await fakeBatch({ output: at(`single.${ending}`), rejects: at('single_bad.jsonl'), images: 32 });
  const args = ['merge', ...outputs.reverse(), '-o', at(`all.${ending}`), '--rejects', at('all_bad.jsonl')];
  expect(await slimnet(args)).toEqual({
    status: 0,
    out: '',
    err: `${at(`all.${ending}`)}: 32 images of ${count} shards, of which 4 failed\n`,
  });
  expect(bytes(`all.${ending}`)).toBe(bytes(`single.${ending}`));
  expect(bytes('all_bad.jsonl')).toBe(bytes('single_bad.jsonl'));
  if (ending === 'npy') expect(bytes('all.npy.txt')).toBe(bytes('single.npy.txt'));
  expect(readdirSync(folder).filter((name) => /^all/.test(name) && /part|journal/.test(name))).toEqual([]);
});

test('JSON lines become Parquet, as a single run writes it', async () => {
  const outputs = await shards(4, 'jsonl');
  await fakeBatch({ output: at('single.parquet'), images: 32 });
  expect((await slimnet(['merge', ...outputs, '-o', at('all.parquet')])).status).toBe(0);
  expect(bytes('all.parquet')).toBe(bytes('single.parquet'));
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(at('all.parquet')) });
  expect(rows).toHaveLength(32);
  expect(rows[1]).toEqual({ file: '1.jpg', features: [4, 5, 6, 7].map((i) => Math.fround(Math.sin(i))), error: null });
  expect(rows[5]).toMatchObject({ file: '5.jpg', error: '5.jpg: "It" is damaged, alas.' });
});

test('shards may be moved, with what belongs to them', async () => {
  const outputs = await shards(2, 'npy');
  mkdirSync(at('moved'));
  for (const name of readdirSync(folder).filter((each) => each.startsWith('1.npy')))
    renameSync(at(name), at(`moved/${name}`));
  const args = ['merge', outputs[0] as string, at('moved/1.npy'), '-o', at('all.npy')];
  expect((await slimnet(args)).status).toBe(0);
});

describe('it refuses', () => {
  const refused = async (args: readonly string[], message: RegExp) => {
    const { status, err } = await slimnet(['merge', ...args, '-o', at('all.jsonl')]);
    expect(status).toBeGreaterThan(0);
    expect(err).toMatch(message);
    expect(readdirSync(folder)).not.toContain('all.jsonl');
  };

  test('a gap', async () => {
    const [first, , third] = (await shards(4, 'jsonl')) as string[];
    await refused([first as string, third as string], /2 of 4 shards are missing: 1, 3\./);
  });

  test('an overlap', async () => {
    const outputs = await shards(2, 'jsonl');
    copyFileSync(at('1.jsonl'), at('copy.jsonl'));
    copyFileSync(at('1.jsonl.journal'), at('copy.jsonl.journal'));
    await refused([...outputs, at('copy.jsonl')], /Shard 1\/2 is there twice: it is .*1\.jsonl as well/);
  });

  test('a shard that has not ended', async () => {
    const outputs = await shards(2, 'jsonl');
    const journal = bytes('1.jsonl.journal');
    writeFileSync(at('1.jsonl.journal'), journal.slice(0, journal.lastIndexOf('{"ended"')));
    await refused(outputs, /Shard 1\/2 has not ended\. Hint: run it again with --resume/);
  });

  test('a file without its journal', async () => {
    const outputs = await shards(2, 'jsonl');
    rmSync(at('0.jsonl.journal'));
    await refused(outputs, /There is no journal beside this file/);
  });

  test.each([
    ['changed', (text: string) => text.replace('0.9', '0.8')],
    ['shortened', (text: string) => text.slice(0, -3)],
  ])('a file that was %s', async (_, change) => {
    const outputs = await shards(2, 'jsonl');
    writeFileSync(at('1.jsonl'), change(bytes('1.jsonl')));
    await refused(outputs, /1\.jsonl: The file does not hold what the journal of its shard says/);
  });

  test('a file to which something was added', async () => {
    const outputs = await shards(2, 'jsonl');
    appendFileSync(at('0.jsonl'), '{}\n');
    await refused(outputs, /0\.jsonl: The file does not hold what/);
  });

  test('shards of other images, other settings, another batch, and other weights', async () => {
    const [first] = (await shards(2, 'jsonl')) as [string];
    const second = at('other.jsonl');
    const shard = { index: 1, count: 2 };
    await fakeBatch({ output: second, images: 33, shard });
    await refused([first, second], /other\.jsonl: It saw other images than .*0\.jsonl, or in another order/);
    await fakeBatch({ output: second, images: 32, shard, command: 'classify' });
    await refused([first, second], /command is "classify", was "embed"/);
    await fakeBatch({ output: second, images: 32, shard, probe: [1, 9, 9] });
    await refused([first, second], /The weights are not those/);
    await fakeBatch({ output: second, images: 32, shard: { index: 1, count: 3 } });
    await refused([first, second], /This is shard 1\/3, .*0\.jsonl is 0\/2: not of one batch/);
  });

  test('an output that is one of the shards, or of another format', async () => {
    const outputs = await shards(1, 'jsonl');
    const before = bytes('0.jsonl');
    expect((await slimnet(['merge', ...outputs, '-o', outputs[0] as string])).err).toMatch(
      /is a file of one of the shards/,
    );
    expect(bytes('0.jsonl')).toBe(before);
    expect((await slimnet(['merge', ...outputs, '-o', at('all.csv')])).err).toMatch(
      /The shards are jsonl, the output is to be csv/,
    );
  });
});

test('shards of machines that compute other bits are merged with a remark', async () => {
  const [first] = (await shards(2, 'jsonl')) as [string];
  const second = at('other.jsonl');
  await fakeBatch({ output: second, images: 32, shard: { index: 1, count: 2 }, probe: [7, 2.001, 3] });
  const { status, err } = await slimnet(['merge', first, second, '-o', at('all.jsonl')]);
  expect(status).toBe(0);
  expect(err).toMatch(
    /other\.jsonl: its machine computes other bits than that of .*0\.jsonl: the last digits differ\.\n/,
  );
});
