import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expandInputs } from '../../../lib/cli/inputs.js';
import { ArgumentError } from '../../../lib/errors.js';
import { type CliOptions, fakeIo } from '../../helpers/cli.js';
import { encoders, gradient } from '../../helpers/pictures.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-inputs-'));
  mkdirSync(join(folder, 'photos', 'deep', 'empty'), { recursive: true });
  for (const name of ['b.jpg', 'a.PNG', 'notes.txt', 'deep/c.webp', 'deep/.hidden.jpg', 'd [1].gif'])
    writeFileSync(join(folder, 'photos', name), 'x');
});
afterAll(() => rmSync(folder, { recursive: true }));

const names = async (args: readonly string[], options?: CliOptions) =>
  (await expandInputs(args, fakeIo(options))).map(({ name }) => name);
const at = (name: string) => join(folder, 'photos', name);

test('a folder stands for all images below it, sorted, whatever the case of their extensions', async () => {
  expect(await names([join(folder, 'photos')])).toEqual(['a.PNG', 'b.jpg', 'd [1].gif', 'deep/c.webp'].map(at));
});

test('a file stands for itself, even when its name looks like a glob, is odd, or it does not exist', async () => {
  expect(await names([at('d [1].gif'), at('notes.txt'), at('missing.jpg')])).toEqual(
    ['d [1].gif', 'notes.txt', 'missing.jpg'].map(at),
  );
});

test('a glob stands for what it matches', async () => {
  expect(await names([join(folder, 'photos', '**/*.{jpg,webp}')])).toEqual(['b.jpg', 'deep/c.webp'].map(at));
});

test('arguments keep their order', async () => {
  expect(await names([at('deep'), at('b.jpg')])).toEqual(['deep/c.webp', 'b.jpg'].map(at));
});

test.each([
  ['an empty folder', ['photos/deep/empty'], /holds no images/],
  ['a glob that matches nothing', ['photos/*.avif'], /No file matches/],
])('%s is wrong use', async (_, args, message) => {
  const attempt = names(args.map((arg) => join(folder, arg)));
  await expect(attempt).rejects.toThrow(ArgumentError);
  await expect(attempt).rejects.toThrow(message);
});

describe('standard input', () => {
  test('holds an image', async () => {
    const stdin = await encoders.jpeg.encode(gradient(8, 8));
    const [image, ...more] = await expandInputs(['-'], fakeIo({ stdin }));
    expect(more).toEqual([]);
    expect(image?.name).toBe('-');
    expect(Buffer.compare(image?.source as Uint8Array, stdin)).toBe(0);
  });

  test.each([
    ['paths one a line', 'a b.jpg\nc.png\n', ['a b.jpg', 'c.png']],
    ['Windows line ends and empty lines', 'a.jpg\r\n\r\nb.jpg', ['a.jpg', 'b.jpg']],
    ['paths with zero bytes between', 'a\nb.jpg\0c.jpg\0', ['a\nb.jpg', 'c.jpg']],
    ['UTF-16 with its mark', Buffer.from('\ufeffa b.jpg\r\n\u732b.jpg\r\n', 'utf16le'), ['a b.jpg', '\u732b.jpg']],
    ['names in any script', '\u732b.jpg\n\u00e9t\u00e9.png', ['\u732b.jpg', '\u00e9t\u00e9.png']],
  ])('or %s', async (_, stdin, expected) => {
    expect(await names(['-'], { stdin })).toEqual(expected);
  });

  test('or a list in which one name is no text, which fails alone', async () => {
    const stdin = Buffer.from('a.jpg\nGro\xdf.jpg\nb.jpg\n', 'latin1');
    const images = await expandInputs(['-'], fakeIo({ stdin }));
    expect(images.map(({ source }) => source)).toEqual(['a.jpg', '', 'b.jpg']);
    expect(images[1]).toMatchObject({
      name: 'Gro\ufffd.jpg',
      problem: { code: 'ERR_ARGUMENT', message: 'Gro\ufffd.jpg: Line 2 of standard input is not UTF-8.' },
    });
  });

  test('that is neither text nor a known image is handed on, to be reported like a bad file', async () => {
    expect(await names(['-'], { stdin: Uint8Array.of(0xff, 0xfe, 1, 2, 3) })).toEqual(['-']);
    expect(await names(['-'], { stdin: 'ab\u0001c' })).toEqual(['-']);
  });

  test('that is empty, or asked for twice, is wrong use', async () => {
    await expect(names(['-'])).rejects.toThrow(/Standard input is empty/);
    await expect(names(['-'], { stdin: '\n\n' })).rejects.toThrow(/holds no paths/);
    await expect(names(['-', '-'], { stdin: 'a.jpg' })).rejects.toThrow(/once/);
  });

  test('may stand among other arguments', async () => {
    expect(await names([at('b.jpg'), '-'], { stdin: 'x.jpg\n' })).toEqual([at('b.jpg'), 'x.jpg']);
  });
});
