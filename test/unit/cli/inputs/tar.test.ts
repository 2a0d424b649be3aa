import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { InputImage } from '../../../../lib/cli/inputs/input.js';
import { tarFile, tarImages } from '../../../../lib/cli/inputs/tar.js';
import { encoders, gradient } from '../../../helpers/pictures.js';

let folder: string;
let picture: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-tar-'));
  picture = Buffer.from(await encoders.jpeg.encode(gradient(40, 30)));
  mkdirSync(join(folder, 'in', 'deep'), { recursive: true });
  for (const [name, bytes] of Object.entries({
    '0001.cls': '7',
    '0001.jpg': picture,
    '0002.jpg': 'damaged',
    '0003.json': '{}',
    '0004': picture,
    '._0001.jpg': 'a shadow',
    'empty.png': '',
    [`deep/${'x'.repeat(150)}.jpg`]: picture,
    'deep/größe.jpg': picture,
  }))
    writeFileSync(join(folder, 'in', name), bytes);
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const { signal } = new AbortController();

async function all(images: AsyncIterable<InputImage>): Promise<InputImage[]> {
  const list: InputImage[] = [];
  for await (const image of images) list.push(image);
  return list;
}

/** Archives that other programs write. */
const writers: Readonly<Record<string, (target: string) => void>> = {
  'GNU tar': (target) => execFileSync('tar', ['--sort=name', '-C', at('in'), '-cf', target, '.']),
  'GNU tar, compressed': (target) => execFileSync('tar', ['--sort=name', '-C', at('in'), '-czf', target, '.']),
  'GNU tar in the form of POSIX': (target) =>
    execFileSync('tar', ['--sort=name', '--format=posix', '-C', at('in'), '-cf', target, '.']),
  'tarfile of Python': (target) =>
    execFileSync('python3', [
      '-c',
      'import sys, tarfile; t = tarfile.open(sys.argv[2], "w"); t.add(sys.argv[1], "."); t.close()',
      at('in'),
      target,
    ]),
};

test.each(Object.entries(writers))('an archive of %s gives its images, and passes over the rest', async (_, write) => {
  const target = at('shard.tar');
  write(target);
  const images = await all(tarFile(target).images(signal));
  const inside = images.map(({ name }) => name.slice(target.length + 1).replace(/^\.\//, ''));
  expect([...inside].sort()).toEqual(
    ['0001.jpg', '0002.jpg', '0004', `deep/${'x'.repeat(150)}.jpg`, 'deep/größe.jpg', 'empty.png'].sort(),
  );
  for (const { source, name } of images)
    if (/0001|0004|deep/.test(name)) expect(Buffer.from(source as Uint8Array)).toEqual(picture);
});

test('however small the pieces are in which it comes', async () => {
  writers['GNU tar']?.(at('shard.tar'));
  const expected = await all(tarFile(at('shard.tar')).images(signal));
  for (const highWaterMark of [100, 513, 70_000]) {
    const open = async () => createReadStream(at('shard.tar'), { highWaterMark });
    expect(await all(tarImages(at('shard.tar'), open, signal))).toEqual(expected);
  }
});

test('what is cut off is told, after the images before it', async () => {
  writers['GNU tar']?.(at('shard.tar'));
  const whole = readFileSync(at('shard.tar'));
  const total = (await all(tarFile(at('shard.tar')).images(signal))).length;
  for (let length = 0; length < whole.length - 10_240; length += 512) {
    writeFileSync(at('cut.tar'), whole.subarray(0, length));
    const images = await all(tarFile(at('cut.tar')).images(signal));
    const last = images.at(-1) as InputImage;
    expect(last).toMatchObject({ name: at('cut.tar'), problem: { code: 'ERR_IMAGE' } });
    expect(last.problem?.message).toMatch(/The rest of the archive cannot be read/);
    expect(images.length - 1).toBeLessThanOrEqual(total);
    expect(images.slice(0, -1).every(({ problem }) => problem === undefined)).toBe(true);
  }
});

test.each([
  ['is no archive', () => Buffer.from('<html>Not found</html>'.repeat(100))],
  ['is empty', () => Buffer.alloc(0)],
  [
    'is compressed and damaged',
    () => {
      writers['GNU tar, compressed']?.(at('good.tgz'));
      const bytes = readFileSync(at('good.tgz'));
      expect(gunzipSync(bytes).length).toBeGreaterThan(1000);
      bytes.fill(0x55, bytes.length >> 1);
      return bytes;
    },
  ],
])('what %s is told', async (_, bytes) => {
  writeFileSync(at('bad.tar'), bytes());
  const images = await all(tarFile(at('bad.tar')).images(signal));
  expect(images.at(-1)?.problem?.message).toMatch(/The rest of the archive cannot be read/);
});

test('so is one that is missing', async () => {
  const [image, ...more] = await all(tarFile(at('missing.tar')).images(signal));
  expect(more).toEqual([]);
  expect(image?.problem?.message).toMatch(
    /missing\.tar: The rest of the archive cannot be read: there is no such file\.$/,
  );
});

test('reading ends when it is aborted', async () => {
  const stop = new AbortController();
  stop.abort('SIGINT');
  await expect(all(tarFile(at('shard.tar')).images(stop.signal))).rejects.toBe('SIGINT');
});
