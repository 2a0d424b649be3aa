/** classify and embed with files of results. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { Trainer } from '../../../../lib/index.js';
import { slimnet } from '../../../helpers/cli.js';
import { readNpy } from '../../../helpers/npy.js';
import { encoders, gradient, paint } from '../../../helpers/pictures.js';
import { colourData } from '../../../helpers/small_training.js';

let folder: string;
let weights: readonly string[];
const count = 9;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-batches-'));
  const trainDir = join(folder, 'run');
  // Trained for a step: what it says of pictures does not matter, only that it differs.
  const trainer = await Trainer.create('resnet_18', {
    data: colourData(8),
    ...{ imageSize: 32, trainDir, batchSize: 4, steps: 1, cache: 'none' },
  });
  await trainer.run();
  await trainer.close();
  weights = ['-c', trainDir, '-b', '2', '--precision', 'float32'];
  mkdirSync(join(folder, 'photos'));
  for (let i = 0; i < count; i++)
    writeFileSync(
      join(folder, 'photos', `${i}.png`),
      await encoders.png.encode(paint(32, 32, (x, y) => [x * 8, y * 8, i * 25])),
    );
  writeFileSync(join(folder, 'photos', '5.png'), 'damaged');
  writeFileSync(join(folder, 'one.jpg'), await encoders.jpeg.encode(gradient(32, 32)));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const text = (name: string) => readFileSync(at(name), 'utf8');
const lines = (name: string) => text(name).trimEnd().split('\n');
const photo = (i: number) => at(`photos/${i}.png`);
const said = 'slimnet: network resnet_18, as the names of the checkpoint show\n';

test('results of all formats say the same, in the order of the images', async () => {
  for (const format of ['jsonl', 'csv', 'npy', 'parquet'])
    expect((await slimnet(['embed', at('photos'), ...weights, '-o', at(`f.${format}`)])).status).toBe(1);
  const records = lines('f.jsonl').map(
    (line) => JSON.parse(line) as { file: string; features?: number[]; error?: object },
  );
  expect(records.map(({ file }) => file)).toEqual(Array.from({ length: count }, (_, i) => photo(i)));
  expect(records[5]).toMatchObject({ error: { code: 'ERR_IMAGE' } });
  const good = records.filter(({ error }) => error === undefined);
  const { shape, data } = readNpy(readFileSync(at('f.npy')));
  expect(shape).toEqual([count - 1, 512]);
  expect(Array.from(data)).toEqual(good.flatMap(({ features = [] }) => features));
  expect(lines('f.npy.txt')).toEqual(good.map(({ file }) => file));
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(at('f.parquet')) });
  expect(rows.map(({ file, features }) => ({ file, features }))).toEqual(
    records.map(({ file, features = null }) => ({ file, features })),
  );
  const csv = text('f.csv')
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
  expect(csv[0]).toEqual(['file', ...Array.from({ length: 512 }, (_, i) => `features_${i}`), 'error']);
  expect(csv[1]?.slice(1, -1).map(Number)).toEqual(good[0]?.features);
  expect(readdirSync(folder).filter((name) => /part|journal/.test(name))).toEqual([]);
  // On standard output as well.
  expect((await slimnet(['embed', at('photos'), ...weights])).out).toBe(text('f.jsonl'));
  expect((await slimnet(['embed', at('photos'), ...weights, '-f', 'csv'])).out).toBe(text('f.csv'));
});

test('classes are a table in Parquet, and probabilities an array', async () => {
  for (const format of ['csv', 'parquet', 'npy'])
    await slimnet(['classify', at('photos'), ...weights, '-o', at(`c.${format}`)]);
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(at('c.parquet')) });
  const [head, ...csv] = text('c.csv').trimEnd().split('\r\n');
  expect(head).toBe(Object.keys(rows[0] as object).join());
  expect(
    rows.map((row) =>
      Object.values(row)
        .map((value) => (value === null ? '' : String(value)))
        .slice(0, 5),
    ),
  ).toEqual(csv.map((line) => line.split(',').slice(0, 5)));
  const { shape, data } = readNpy(readFileSync(at('c.npy')));
  expect(shape).toEqual([count - 1, 3]);
  expect(data.subarray(0, 3).reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
});

test('images come from a list, an archive and a folder; those that fail go to a file of their own', async () => {
  execFileSync('tar', ['-C', at('photos'), '-cf', at('some.tar'), '3.png', '5.png', '7.png']);
  writeFileSync(at('list.txt'), `${photo(0)}\n${at('some.tar')}\n${at('no.jpg')}\n${photo(1)}\n`);
  const args = ['classify', at('one.jpg'), '--from-file', at('list.txt'), ...weights];
  const { status, err } = await slimnet([...args, '-o', at('l.jsonl'), '--rejects', at('bad.jsonl'), '-k', '1']);
  expect(status).toBe(1);
  expect(err).toBe(`${said}slimnet: 2 of 7 images failed.\n${at('l.jsonl')}: 5 of 7 images\n`);
  const names = (name: string) => lines(name).map((line) => (JSON.parse(line) as { file: string }).file);
  expect(names('l.jsonl')).toEqual([
    at('one.jpg'),
    photo(0),
    `${at('some.tar')}/3.png`,
    `${at('some.tar')}/7.png`,
    photo(1),
  ]);
  expect(names('bad.jsonl')).toEqual([`${at('some.tar')}/5.png`, at('no.jpg')]);
  expect(lines('bad.jsonl')[1]).toContain('there is no such file');
});

test('too many failures end the work, and with more allowed it goes on to the same end', async () => {
  writeFileSync(at('gaps.txt'), `${photo(0)}\nx.jpg\ny.jpg\n${photo(1)}\nz.jpg\n${photo(2)}\n`);
  const run = (output: string, ...more: string[]) =>
    slimnet([
      'embed',
      '--from-file',
      at('gaps.txt'),
      ...weights,
      '-o',
      at(output),
      '--rejects',
      at(`${output}.bad`),
      ...more,
    ]);
  const stopped = await run('e.jsonl', '--max-errors', '1', '--resume');
  expect(stopped.status).toBe(1);
  expect(stopped.err).toMatch(
    /4 images are done; --resume goes on with the others\.\nslimnet: 2 images failed, more than 1\. Hint: raise --max-errors\. \[ERR_DATA\]\n$/,
  );
  expect(existsSync(at('e.jsonl'))).toBe(false);
  const ended = await run('e.jsonl', '--max-errors', '3', '--resume');
  expect(ended.status).toBe(0);
  expect(ended.err).toBe(
    `${said}slimnet: ${at('e.jsonl')}: goes on after 4 images.\nslimnet: 3 of 6 images failed.\n${at('e.jsonl')}: 3 of 6 images\n`,
  );
  await run('w.jsonl');
  expect(text('e.jsonl')).toBe(text('w.jsonl'));
  expect(text('e.jsonl.bad')).toBe(text('w.jsonl.bad'));
  // Once more it has nothing to do, and ends as it did.
  expect(await run('e.jsonl', '--resume')).toEqual({
    status: 1,
    out: '',
    err: `${said}slimnet: ${at('e.jsonl')}: all 6 images were done already.\n`,
  });
});

test('what was interrupted is not mixed with other settings, and goes on with the precision that it had', async () => {
  writeFileSync(at('gaps.txt'), `${photo(0)}\n${photo(2)}\nx.jpg\ny.jpg\n`);
  const begin = [
    'embed',
    '--from-file',
    at('gaps.txt'),
    ...weights.slice(0, 4),
    '-o',
    at('p.jsonl'),
    '--max-errors',
    '1',
  ];
  await slimnet([...begin, '--precision', 'float32']);
  expect((await slimnet([...begin, '--precision', 'float32'])).err).toMatch(
    /p\.jsonl\.journal: A batch with this output was begun and has not ended\. Hint: --resume goes on with it; to begin anew, remove this file\. \[ERR_ARGUMENT\]\n$/,
  );
  expect((await slimnet([...begin.slice(0, 5), '-b', '3', ...begin.slice(7), '--resume'])).err).toMatch(
    /batch is 3, was 2\./,
  );
  writeFileSync(at('gaps.txt'), `${photo(1)}\n${photo(2)}\nx.jpg\ny.jpg\n`);
  expect((await slimnet([...begin, '--resume'])).err).toMatch(
    /The images are not those that this batch was begun with/,
  );
  writeFileSync(at('gaps.txt'), `${photo(0)}\n${photo(2)}\nx.jpg\ny.jpg\n`);
  // auto would choose anew.
  const { err } = await slimnet([...begin.slice(0, -2), '--resume']);
  expect(err).toMatch(/goes on after 4 images/);
  expect(err).not.toMatch(/precision/);
});

test('shards are merged into what one run writes', async () => {
  const run = (output: string, ...more: string[]) =>
    slimnet(['embed', at('photos'), ...weights, '-o', at(output), '--rejects', at(`${output}.bad`), ...more]);
  await run('whole.npy');
  for (const i of [0, 1, 2]) await run(`${i}.npy`, '--shard', `${i}/3`);
  const shards = [0, 1, 2].map((i) => at(`${i}.npy`));
  const { status } = await slimnet(['merge', ...shards, '-o', at('merged.npy'), '--rejects', at('merged.npy.bad')]);
  expect(status).toBe(0);
  for (const ending of ['', '.txt', '.bad'])
    expect(readFileSync(at(`merged.npy${ending}`))).toEqual(readFileSync(at(`whole.npy${ending}`)));
});

test.each([
  [['-o', 'x.txt'], /--output: expected a name that ends in \.jsonl, \.csv, \.npy, \.parquet, received x\.txt/],
  [['--resume'], /--resume needs --output/],
  [['--rejects', 'r.jsonl'], /--rejects needs --output/],
  [['-o', 'x.jsonl', '--rejects', './x.jsonl'], /name the same file/],
  [['--shard', '3/3'], /expected i\/n/],
  [['--shard', 'three'], /Expected i\/n/],
  [['--from-file', 'nowhere.txt'], /nowhere\.txt: The list cannot be read: there is no such file/],
] as const)('%j is wrong use', async (args, message) => {
  const { status, err } = await slimnet(['embed', photo(0), ...weights, ...args]);
  expect({ status, err }).toEqual({ status: 2, err: expect.stringMatching(message) });
});
