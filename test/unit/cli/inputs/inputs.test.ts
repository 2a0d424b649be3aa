import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expandInputs, openInputs } from '../../../../lib/cli/inputs/inputs.js';
import { ArgumentError } from '../../../../lib/errors.js';
import { type CliOptions, fakeIo } from '../../../helpers/cli.js';
import { encoders, gradient } from '../../../helpers/pictures.js';

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

describe('folders', () => {
  const says = async (args: readonly string[]) => {
    const io = fakeIo();
    const images = await expandInputs(args, io);
    return { names: images.map(({ name }) => name), images, said: io.err.text };
  };
  let root: string;
  const put = (...files: (readonly [string, string | Uint8Array])[]) => {
    root = mkdtempSync(join(folder, 'tree-'));
    for (const [name, bytes] of files) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), bytes);
    }
    return root;
  };
  const below = (...names: string[]) => names.map((name) => join(root, name));

  test('are searched by content where the names do not say, and what is left out is counted with the reason', async () => {
    const jpeg = await encoders.jpeg.encode(gradient(8, 8));
    const png = await encoders.png.encode(gradient(8, 8));
    put(
      ...['a.jpg', 'b.jfif', 'c.jpe', 'd.JPEG', 'photo', 'e.jpg_large', '0a1b2c', 'f.jpg?w=200'].map(
        (name) => [name, jpeg] as const,
      ),
      ['picture.dat', png],
      ['damaged.jpg', 'no picture'],
      ['notes.txt', 'words'],
      ['NOTES.TXT', 'words'],
      ['list', 'words'],
      ['empty', ''],
      ['g.heic', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1')],
      ['h.NEF', await encoders.tiff.encode(gradient(8, 8))],
      ['.DS_Store', 'x'],
      ['.thumbnails/a.jpg', jpeg],
    );
    execFileSync('mkfifo', [join(root, 'pipe.jpg')]);
    const { names: found, said } = await says([root]);
    expect(found).toEqual(
      below(
        ...[
          '0a1b2c',
          'a.jpg',
          'b.jfif',
          'c.jpe',
          'd.JPEG',
          'damaged.jpg',
          'e.jpg_large',
          'f.jpg?w=200',
          'photo',
          'picture.dat',
        ],
      ),
    );
    for (const part of [
      '9 files left out',
      '5 no image (2 ',
      '2 .txt',
      '2 without extension',
      '1 .heic',
      '1 camera raw (1 .nef)',
      '2 hidden',
      '1 device or pipe',
    ])
      expect(said).toContain(part);
  });

  test('give each real file once, under its own name, whatever links lead to it', async () => {
    put(['z/a.jpg', 'x'], ['z/b.jpg', 'y'], ['c.png', 'z'], ['other/d.jpg', 'w']);
    const photos = join(root, 'z');
    symlinkSync(root, join(photos, 'up'));
    symlinkSync('.', join(photos, 'here'));
    symlinkSync(photos, join(root, 'a_link_to_z'));
    symlinkSync('a.jpg', join(photos, '0.jpg'));
    symlinkSync('loop', join(photos, 'loop'));
    linkSync(join(photos, 'b.jpg'), join(photos, 'same_as_b.jpg'));
    const { names: found, said } = await says([photos]);
    // `up` leads to a folder above, which has pictures of its own.
    expect(found).toEqual(below('z/a.jpg', 'z/b.jpg', 'z/up/c.png', 'z/up/other/d.jpg'));
    expect(said).toBe(`slimnet: ${photos}: 3 files left out: 2 taken already, 1 broken link.\n`);
  });

  test('are gone through as the work goes: what comes in a folder whose turn it was not is seen', async () => {
    put(['a.jpg', 'x'], ['b/c.jpg', 'y'], ['b-1.jpg', 'z']);
    const found: string[] = [];
    for await (const { name } of (await openInputs([root], undefined, fakeIo())).each()) {
      if (found.push(name) === 1) writeFileSync(join(root, 'b', 'later.jpg'), 'w');
    }
    // Sorted as whole paths are, though folders are read one by one.
    expect(found).toEqual(below('a.jpg', 'b-1.jpg', 'b/c.jpg', 'b/later.jpg'));
  });

  test('are found anew each time that they are asked for', async () => {
    put(['a.jpg', 'x'], ['b.jpg', 'y']);
    const inputs = await openInputs([root, root], undefined, fakeIo());
    for (const _ of [1, 2]) {
      const found: string[] = [];
      for await (const { name } of inputs.each()) found.push(name);
      expect(found).toEqual(below('a.jpg', 'b.jpg'));
    }
  });

  test('that overlap with other arguments add what is not there yet', async () => {
    put(['a.jpg', 'x'], ['deep/b.jpg', 'y'], ['c.jpg', 'z']);
    const [a, b, c] = below('a.jpg', 'deep/b.jpg', 'c.jpg') as [string, string, string];
    const { names: found, said } = await says([c, join(root, 'deep'), root, join(root, '*.jpg'), a]);
    expect(found).toEqual([c, b, a, a]);
    expect(said).toBe(
      `slimnet: ${root}: 2 files left out: 2 taken already.\nslimnet: ${join(root, '*.jpg')}: 2 files left out: 2 taken already.\n`,
    );
  });

  test('are not walked in circles by a glob either', async () => {
    put(['a.jpg', 'x'], ['deep/b.jpg', 'y']);
    symlinkSync('..', join(root, 'deep', 'up'));
    const { names: found, said } = await says([join(root, '**', '*.jpg')]);
    expect(found).toEqual(below('a.jpg', 'deep/b.jpg'));
    expect(said).toMatch(/left out: \d+ taken already\.\n$/);
  });

  test('show links that lead nowhere and names that are no text as images that cannot be read', async () => {
    put(['a.jpg', 'x']);
    symlinkSync('gone.jpg', join(root, 'b.jpg'));
    symlinkSync('gone', join(root, 'c'));
    writeFileSync(Buffer.concat([Buffer.from(`${root}/Gro`), Buffer.of(0xdf), Buffer.from('.jpg')]), 'x');
    const { names: found, images, said } = await says([root]);
    expect(found).toEqual(below('Gro\ufffd.jpg', 'a.jpg', 'b.jpg'));
    expect(images[0]?.problem).toMatchObject({ code: 'ERR_IMAGE', message: expect.stringMatching(/is not UTF-8/) });
    expect(said).toBe(`slimnet: ${root}: 1 file left out: 1 broken link.\n`);
  });

  test('without images are wrong use, with what was found instead', async () => {
    put(['a.txt', 'x'], ['b.txt', 'x']);
    await expect(names([root])).rejects.toThrow(/holds no images\..*2 files left out: 2 no image \(2 \.txt\)/s);
  });
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
    ['UTF-16 the other way round', Buffer.from('\ufeffa.jpg\n\u0a00.jpg', 'utf16le').swap16(), ['a.jpg', '\u0a00.jpg']],
    ['UTF-8 with its mark', '\ufeffa.jpg\nb.jpg\n', ['a.jpg', 'b.jpg']],
    ['a name with a bell in it', 'a.jpg\nb\u0007.jpg\nc.jpg\n', ['a.jpg', 'b\u0007.jpg', 'c.jpg']],
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

  test.each([
    [
      'UTF-16 with half a character',
      Buffer.from('\ufeffa.jpg\r\n\ud83d.jpg\r\nb.jpg', 'utf16le'),
      '\ufffd.jpg',
      'UTF-16',
    ],
    ['Latin-1 between zero bytes', Buffer.from('a.jpg\0\xe4.jpg\0b.jpg\0', 'latin1'), '\ufffd.jpg', 'UTF-8'],
    ['UTF-8 with a Latin-1 name', Buffer.from('a.jpg\n\x80\xff.jpg\nb.jpg', 'latin1'), '\ufffd\ufffd.jpg', 'UTF-8'],
  ])('or %s, of which one name fails', async (_, stdin, name, encoding) => {
    const images = await expandInputs(['-'], fakeIo({ stdin }));
    expect(images.map(({ source }) => source)).toEqual(['a.jpg', '', 'b.jpg']);
    expect(images[1]?.problem?.message).toBe(`${name}: Line 2 of standard input is not ${encoding}.`);
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
