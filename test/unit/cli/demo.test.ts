import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { demoAssets } from '../../../lib/cli/demo/assets.js';
import { letterPicture, letters } from '../../../lib/cli/demo/letters.js';
import { pictureRow, terminalOf } from '../../../lib/cli/terminal.js';
import { Sink, slimnet } from '../../helpers/cli.js';

const assets = join(__dirname, '../../../assets/demo');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-demo-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('reads most letters of typefaces that it never saw, and shows them on a page without network and scripts', async () => {
  const output = join(folder, 'demo.html');
  const { status, out, err } = await slimnet(['demo', '--pictures', '260', '-o', output]);
  expect(status).toBe(0);
  const [, right] = /^(\d+) of 260 right/m.exec(out) as unknown as [string, string];
  expect(Number(right)).toBeGreaterThan(0.9 * 260);
  expect(out).not.toContain('\u001b');
  expect(out.match(/^.+ [A-Z] +(right|wrong) /gm)?.length).toBeGreaterThanOrEqual(8);
  expect(out).toContain(`page: ${output}`);
  expect(err).toMatch(/slimnet classify photo\.jpg --model resnet_v1_50 --weights imagenet/);
  const html = readFileSync(output, 'utf8');
  expect(/<script|src="http|<link|@import/.exec(html)?.[0]).toBeUndefined();
  expect(html.match(/class="overlay" src="data:image\/png/g)?.length).toBeGreaterThanOrEqual(letters.length);
});

test("reads pictures of one's own, of any size; one that cannot be read does not stop the others", async () => {
  const { sheet } = await demoAssets();
  const { image } = letterPicture(sheet, 77, 7);
  const large = join(folder, 'h.png');
  await sharp(image.data, { raw: { width: 64, height: 64, channels: 3 } })
    .resize(300, 300)
    .toFile(large);
  writeFileSync(join(folder, 'bad.png'), 'no image');
  const output = join(folder, 'own.html');
  const { status, out, err } = await slimnet(['demo', join(folder, 'bad.png'), large, '-o', output]);
  expect([status, out]).toEqual([1, expect.stringMatching(/h\.png: H {2}H █/)]);
  expect(err).toMatch(/bad\.png: .*\[ERR_IMAGE\]/);
  expect(readFileSync(output, 'utf8')).toContain('Your pictures');
});

test('another seed draws other pictures, the same one the same bytes', async () => {
  const { sheet } = await demoAssets();
  expect(letterPicture(sheet, 1, 3)).toEqual(letterPicture(sheet, 1, 3));
  expect(letterPicture(sheet, 1, 3).image.data).not.toEqual(letterPicture(sheet, 2, 3).image.data);
});

test('what the demo ships with is small, and says whose letters they are and what made it', async () => {
  const files = ['letters.safetensors', 'letters.png', 'accuracy.json', 'FONTS.txt'];
  expect(files.reduce((sum, file) => sum + statSync(join(assets, file)).size, 0)).toBeLessThan(1e6);
  const { accuracy, sheet } = await demoAssets();
  expect(Object.keys(accuracy.byFace)).toHaveLength(sheet.typefaces);
  expect(accuracy.command).toMatch(/^node scripts\/demo\/train\.mjs/);
  const right = Object.values(accuracy.byLetter).reduce((sum, each) => sum + each.right, 0);
  expect(right / accuracy.pictures).toBe(accuracy.top1);
  const { heldOut, training } = JSON.parse(
    readFileSync(join(__dirname, '../../../scripts/demo/fonts.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  for (const family of Object.keys(heldOut as object)) {
    expect(Object.keys(training as object)).not.toContain(family);
    expect(readFileSync(join(assets, 'FONTS.txt'), 'utf8')).toContain(`${family} `);
  }
});

describe('terminals', () => {
  const withDepth = (depth: number, isTTY = true) => Object.assign(new Sink(isTTY), { getColorDepth: () => depth });

  test('colour is for terminals that have it, unless NO_COLOR is set', () => {
    expect(terminalOf(withDepth(24), {}).good('a')).toBe('\u001b[32ma\u001b[39m');
    expect(terminalOf(withDepth(24), {}).hasPictures).toBe(true);
    expect(terminalOf(withDepth(8), {}).hasPictures).toBe(false);
    for (const plain of [
      terminalOf(withDepth(24, false), {}),
      terminalOf(withDepth(24), { NO_COLOR: '1' }),
      terminalOf(withDepth(24), { TERM: 'dumb' }),
      terminalOf(withDepth(1), {}),
    ])
      expect([plain.bad('a'), plain.hasPictures]).toEqual(['a', false]);
  });

  test('a picture is two pixels a character, of the mean colours', () => {
    const data = Uint8Array.from([0, 0, 0, 100, 0, 0, 10, 20, 30, 30, 20, 10]);
    const row = pictureRow([{ data, width: 2, height: 2, channels: 3 }], 1);
    expect(row).toBe(
      '\u001b[38;2;0;0;0m\u001b[48;2;10;20;30m\u2580\u001b[38;2;100;0;0m\u001b[48;2;30;20;10m\u2580\u001b[0m\n',
    );
  });
});
