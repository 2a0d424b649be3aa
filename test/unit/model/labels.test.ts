import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError } from '../../../lib/errors.js';
import { loadLabels } from '../../../lib/model/labels.js';
import { topIndices, topPredictions } from '../../../lib/model/predictions.js';

let folder: string;
let files = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-labels-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, `${files++}.txt`);
  writeFileSync(path, text);
  return path;
}

const names = ['tench', 'goldfish, Carassius auratus', 'great white shark'];

describe('label files', () => {
  test.each([
    ['one name a line', `${names.join('\n')}\n`],
    ['without a last line end', names.join('\n')],
    ['Windows line ends', `${names.join('\r\n')}\r\n\r\n`],
    ['a byte order mark', `\ufeff${names.join('\n')}`],
    ['index:name', names.map((name, i) => `${i}:${name}`).join('\n')],
    ['index:name in any order', [2, 0, 1].map((i) => `${i}: ${names[i]}`).join('\n')],
    ['a JSON array', JSON.stringify(names)],
    ['a JSON object', JSON.stringify({ 0: names[0], 2: names[2], 1: names[1] })],
    [
      'a JSON object of [id, name]',
      JSON.stringify({ 0: ['n01440764', names[0]], 1: ['n1', names[1]], 2: ['n2', names[2]] }),
    ],
  ])('%s', async (_, text) => {
    expect(await loadLabels(file(text), 3)).toEqual(names);
  });

  test('a list in memory is taken as it is', async () => {
    expect(await loadLabels(names, 3)).toEqual(names);
  });

  test('one name too many begins with a background class, which is dropped', async () => {
    expect(await loadLabels(['background', ...names], 3)).toEqual(names);
  });

  test('1000 ImageNet names fit a network of 1001 classes, whose first is the background', async () => {
    const thousand = Array.from({ length: 1000 }, (_, i) => `name ${i}`);
    expect(await loadLabels(thousand, 1001)).toEqual(['background', ...thousand]);
  });

  test.each([
    ['too few', 'a\nb', /expected 4 labels.*received 2/],
    ['too many', 'a\nb\nc\nd\ne\nf', /expected 4 labels.*received 6/],
    ['none', '', /received 0/],
    ['broken JSON', '["a", ', /not valid JSON/],
    ['JSON of numbers', '[1, 2, 3, 4]', /expected label names, received 1/i],
    ['a gap', '{"0": "a", "1": "b", "3": "c", "4": "d"}', /numbered from 0 without gaps; 2 is missing/],
    ['a key that is no number', '{"0": "a", "one": "b", "2": "c", "3": "d"}', /1 is missing/],
    ['an index twice', '0:a\n1:b\n1:c\n3:d', /2 is missing/],
  ])('%s is refused with the name of the file', async (_, text, message) => {
    const path = file(text);
    const error = await loadLabels(path, 4).catch((e: unknown) => e as Error);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(path);
  });

  test('a missing file and a list of other things are refused', async () => {
    await expect(loadLabels(join(folder, 'missing.txt'), 3)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    await expect(loadLabels(['a', 1, 'c'] as unknown as string[], 3)).rejects.toThrow(
      /label 1: expected a string, received 1/,
    );
    await expect(loadLabels(5 as unknown as string[], 3)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });
});

describe('topIndices', () => {
  test.each([
    [[3, 1, 2], 2, [0, 2]],
    [[1, 2, 3, 4], 4, [3, 2, 1, 0]],
    [[5, 5, 5], 2, [0, 1]],
    [[1, 7, 7, 9], 3, [3, 1, 2]],
    [[Number.NaN, 1, Number.NaN, 2], 3, [3, 1, 0]],
    [[-1, -2], 1, [0]],
  ])('of %j the first %i', (values, count, expected) => {
    expect(topIndices(values, count)).toEqual(expected);
  });

  test('agrees with sorting everything', () => {
    const values = Float32Array.from({ length: 500 }, (_, i) => Math.round(100 * Math.sin(i * i)));
    const sorted = Array.from(values.keys()).sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
    for (const count of [1, 5, 100, 500]) expect(topIndices(values, count)).toEqual(sorted.slice(0, count));
  });

  test('predictions carry labels, or the number of the class where there are none', () => {
    const row = Float32Array.of(0.25, 0.5, 0.125);
    expect(topPredictions(row, names, 2)).toEqual([
      { index: 1, label: names[1], probability: 0.5 },
      { index: 0, label: names[0], probability: 0.25 },
    ]);
    expect(topPredictions(row, null, 1)).toEqual([{ index: 1, label: 'class 1', probability: 0.5 }]);
  });
});
