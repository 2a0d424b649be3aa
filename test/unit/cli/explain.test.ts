import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { slimnet } from '../../helpers/cli.js';
import { encoders, gradient, paint } from '../../helpers/pictures.js';
import { writePlainCheckpoint } from '../../helpers/plain_checkpoint.js';

let folder: string;
let photos: string;
let model: readonly string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-explain-'));
  photos = join(folder, 'photos');
  mkdirSync(photos);
  writeFileSync(join(photos, 'a.png'), await encoders.png.encode(gradient(60, 40)));
  writeFileSync(join(photos, 'b.png'), await encoders.png.encode(paint(64, 64, (x, y) => [x * 4, y * 4, 99])));
  writeFileSync(join(folder, 'labels.txt'), ['ant <b>', ...'bcdefghij'].join('\n'));
  const checkpoint = await writePlainCheckpoint(join(folder, 'plain.ckpt'), 10, 'resnet_18');
  model = ['-c', checkpoint, '-m', 'resnet_18', '--size', '64', '--labels', join(folder, 'labels.txt')];
});
afterAll(() => rmSync(folder, { recursive: true }));

const place = (name: string) => join(folder, name);

test('writes a page with a map for each image, which needs no network and runs no script', async () => {
  writeFileSync(join(folder, 'bad.png'), 'no image');
  const args = [
    photos,
    place('bad.png'),
    ...model,
    '--class',
    '0',
    '--features',
    '--filters',
    '-o',
    place('page.html'),
  ];
  const { status, out, err } = await slimnet(['explain', ...args]);
  expect(status).toBe(1);
  expect(err).toMatch(/bad\.png: .*\[ERR_IMAGE\]/);
  expect(out.split('\n')[0]).toMatch(/^image +class +probability +method +layer/);
  expect(out).toMatch(/a\.png +ant <b> +0\.\d{4} +grad_cam +resnet_18\/block4\//);
  const html = readFileSync(place('page.html'), 'utf8');
  expect(html.match(/class="overlay" src="data:image\/png/g)).toHaveLength(2);
  expect(html.match(/class="sheet"/g)).toHaveLength(3);
  expect(html).toContain('ant &lt;b&gt;');
  expect(html).not.toMatch(/<script|https?:|<link|@import/);
});

test('writes a picture of one image, and a folder of pictures with sheets', async () => {
  const one = await slimnet([
    'explain',
    join(photos, 'a.png'),
    ...model,
    '--method',
    'occlusion',
    '--patch',
    '32',
    '-o',
    place('a.png'),
  ]);
  expect([one.status, one.err]).toEqual([0, `${place('a.png')}\n`]);
  expect(one.out).toMatch(/occlusion/);
  expect(await sharp(place('a.png')).metadata()).toMatchObject({ format: 'png', width: 384, height: 384 });
  const many = await slimnet([
    'explain',
    photos,
    ...model,
    '--class',
    'ant <b>',
    '--features',
    '--filters',
    '-o',
    place('maps'),
  ]);
  expect(many.status).toBe(0);
  expect(readdirSync(place('maps')).sort()).toEqual([
    'a.features.png',
    'a.png',
    'b.features.png',
    'b.png',
    'filters.png',
  ]);
  // 64 filters of 7 x 7, each pixel 7 wide, with gaps.
  expect(await sharp(join(place('maps'), 'filters.png')).metadata()).toMatchObject({
    width: 8 * 51 + 2,
    height: 8 * 51 + 2,
  });
});

test.each([
  [['--class', 'wasp'], /--class: expected 0 to 9/],
  [['--class', 'Ant'], /"ant <b>"/],
  [['--layer', 'resnet_18/nothing'], /no node and no scope/],
  [['--precision', 'float32', '-o', 'two.png'], /map of one image/],
])('%j is wrong use, before anything is written', async (args, message) => {
  const { status, err } = await slimnet(['explain', photos, ...model, ...args]);
  expect([status, err]).toEqual([2, expect.stringMatching(message)]);
  expect(existsSync('two.png') || existsSync('explain.html')).toBe(false);
});
