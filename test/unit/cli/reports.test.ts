/** Pages of `--report`. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { slimnet } from '../../helpers/cli.js';
import { encoders, gradient, paint } from '../../helpers/pictures.js';
import { writePlainCheckpoint } from '../../helpers/plain_checkpoint.js';

let folder: string;
let photos: string;
let model: readonly string[];
const place = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-reports-'));
  photos = place('photos');
  mkdirSync(photos);
  writeFileSync(join(photos, 'a.png'), await encoders.png.encode(gradient(60, 40)));
  writeFileSync(join(photos, 'b.png'), await encoders.png.encode(paint(64, 64, (x, y) => [x * 4, y * 4, 99])));
  writeFileSync(place('<em>bad.png'), 'no image');
  writeFileSync(place('labels.txt'), Array.from({ length: 10 }, (_, i) => `<em>${i}`).join('\n'));
  const checkpoint = await writePlainCheckpoint(place('plain.ckpt'), 10, 'resnet_18');
  model = ['-c', checkpoint, '-m', 'resnet_18', '--size', '48'];
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The page, which needs no network, runs no script, and takes no text for markup. */
function pageAt(path: string): string {
  const html = readFileSync(path, 'utf8');
  expect(/<script|https?:|<link|@import|<em>/.exec(html)?.[0]).toBeUndefined();
  return html;
}

test('classify: the classes, pictures with their answers, and what failed; results stay what they are', async () => {
  const args = [
    photos,
    place('<em>bad.png'),
    ...model,
    '--labels',
    place('labels.txt'),
    '--precision',
    'float32',
    '-f',
    'jsonl',
  ];
  const plain = await slimnet(['classify', ...args]);
  const { status, out, err } = await slimnet(['classify', ...args, '--report', place('classes.html')]);
  expect([status, out]).toEqual([1, plain.out]);
  expect(err).toContain(`report: ${place('classes.html')}`);
  const html = pageAt(place('classes.html'));
  expect(html).toContain('<b>2</b>images were classified');
  expect(html).toContain('<b>1</b>failed');
  expect(html.match(/<img src="data:image\/jpeg/g)).toHaveLength(2);
  const [{ predictions }] = plain.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line)) as [{ predictions: { label: string }[] }];
  expect(html).toContain(predictions[0]?.label.replace('<', '&lt;').replace('>', '&gt;'));
});

test('classify: also beside a file of results; not of half a batch', async () => {
  const done = await slimnet(['classify', photos, ...model, '-o', place('r.jsonl'), '--report', place('file.html')]);
  expect(done.status).toBe(0);
  expect(pageAt(place('file.html'))).toContain('<b>2</b>images were classified');
  const more = await slimnet([
    'classify',
    photos,
    ...model,
    '-o',
    place('r.jsonl'),
    '--resume',
    '--report',
    place('x.html'),
  ]);
  expect([more.status, more.err]).toEqual([2, expect.stringContaining('--report does not go with --resume')]);
  expect(existsSync(place('x.html'))).toBe(false);
});

test('quantize: what int8 costs, and the ranges', async () => {
  const args = [photos, ...model, '-o', place('q.json'), '--report', place('costs.html')];
  const { status } = await slimnet(['quantize', ...args]);
  expect(status).toBe(0);
  const html = pageAt(place('costs.html'));
  expect(html).toMatch(/is what auto takes/);
  const { ranges } = JSON.parse(readFileSync(place('q.json'), 'utf8')) as { ranges: object };
  expect(html).toContain(`Ranges of ${Object.keys(ranges).length} values`);
});

test('bench: from JPEG files, with the share of the time that is not the network', async () => {
  const args = ['bench', '--model', 'resnet_18', '--size', '33', '--batch', '2', '-n', '1', '--from', 'jpeg'];
  const { pictures } = JSON.parse((await slimnet([...args, '--json'])).out);
  expect(Object.keys(pictures)).toEqual(['imagesPerSecond', 'millisecondsPerImage', 'networkMs', 'notNetwork']);
  for (const value of Object.values(pictures)) expect(value).toBeGreaterThanOrEqual(0);
  expect((await slimnet(args)).out).toMatch(/ms each; the network alone \d+\.\d\d ms; not the network: \d+ %\n$/);
});

test('bench: figures and bars', async () => {
  const args = [
    '--model',
    'resnet_18',
    '--size',
    '33',
    '--batch',
    '1',
    '2',
    '-n',
    '2',
    '--report',
    place('speed.html'),
  ];
  expect((await slimnet(['bench', ...args])).status).toBe(0);
  expect(pageAt(place('speed.html')).match(/class="hbar"/g)).toHaveLength(2);
});

test('a place where no page can be is refused before the work', async () => {
  const { status, err } = await slimnet(['bench', '--report', photos]);
  expect([status, err]).toEqual([1, expect.stringMatching(/photos.*\[ERR_OUTPUT\]/)]);
  expect(err).not.toContain('runs of each batch size');
});
