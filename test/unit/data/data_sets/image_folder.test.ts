import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { labelsOf } from '../../../../lib/data/data_sets/index.js';
import { type DataSet, type ImageFolderOptions, imageFolder } from '../../../../lib/data/index.js';
import { ArgumentError, DataError } from '../../../../lib/errors.js';
import { temporaryFolder, writeFiles } from '../../../helpers/temporary_folder.js';

const folder = temporaryFolder('image-folder');
const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** A folder with files of these names, all of which begin as a PNG does but for .txt. */
const make = (name: string, files: readonly string[]) =>
  writeFiles(join(folder, name), Object.fromEntries(files.map((file) => [file, file.endsWith('.txt') ? 'text' : png])));

async function all(dataSet: DataSet): Promise<(readonly [image: unknown, label: number])[]> {
  const found: (readonly [unknown, number])[] = [];
  for (let i = 0; i < dataSet.length; i++) {
    const { image, label } = await dataSet.get(i);
    found.push([image, label]);
  }
  return found;
}

test('the folders are the classes, sorted, and have all images below them', async () => {
  const path = make('plain', ['dog/2.jpg', 'cat/deep/er/1.PNG', 'cat/unnamed', 'dog/notes.txt', 'Zebra/1.webp']);
  const dataSet = await imageFolder(path);
  expect(dataSet.classes).toEqual(['Zebra', 'cat', 'dog']);
  expect(await all(dataSet)).toEqual([
    [join(path, 'Zebra/1.webp'), 0],
    [join(path, 'cat/deep/er/1.PNG'), 1],
    [join(path, 'cat/unnamed'), 1],
    [join(path, 'dog/2.jpg'), 2],
  ]);
  expect([...(await labelsOf(dataSet))]).toEqual([0, 1, 1, 2]);
  expect(dataSet.validation).toBeUndefined();
});

test('what is left out is told: files beside the classes, other files, hidden ones', async () => {
  const path = make('noise', ['a/1.jpg', 'b/1.jpg', 'loose.jpg', '.git/config', 'a/.DS_Store', 'a/readme.txt']);
  const dataSet = await imageFolder(path);
  expect(dataSet.length).toBe(2);
  expect(dataSet.notice).toMatch(/^4 files left out: /);
  expect(dataSet.notice).toMatch(/1 in no class folder/);
  expect(dataSet.notice).toMatch(/1 no image \(1 \.txt\)/);
});

test('a class may be a link to a folder, and a file that two classes lead to is taken once', async () => {
  const elsewhere = make('elsewhere', ['1.jpg', '2.jpg']);
  const path = make('linked', ['a/1.jpg']);
  symlinkSync(elsewhere, join(path, 'b'));
  symlinkSync(join(path, 'a', '1.jpg'), join(elsewhere, 'again.jpg'));
  const dataSet = await imageFolder(path);
  expect(dataSet.classes).toEqual(['a', 'b']);
  expect(dataSet.length).toBe(3);
});

describe('holding out', () => {
  const names = (count: number, name: string) => Array.from({ length: count }, (_, i) => `${name}/${i}.jpg`);
  const paths = async (dataSet: DataSet) => (await all(dataSet)).map(([image]) => image as string);

  test('takes the same part of each class, and every image is in one part', async () => {
    const dataSet = await imageFolder(make('split', [...names(50, 'a'), ...names(20, 'b'), 'c/1.jpg']), {
      validation: 0.2,
    });
    const heldOut = dataSet.validation as DataSet;
    const labels = await labelsOf(heldOut);
    expect([0, 1, 2].map((label) => labels.filter((each) => each === label).length)).toEqual([10, 4, 0]);
    expect(heldOut.classes).toEqual(dataSet.classes);
    const [training, validation] = [await paths(dataSet), await paths(heldOut)];
    expect(new Set([...training, ...validation]).size).toBe(71);
    expect(training.length + validation.length).toBe(71);
  });

  test('is the same for the same seed, another for another, and stays where images are added', async () => {
    const path = make('stable', [...names(100, 'a'), ...names(100, 'b')]);
    const held = async (options: ImageFolderOptions) =>
      paths((await imageFolder(path, { validation: 0.3, ...options })).validation as DataSet);
    const first = await held({ seed: 1 });
    expect(await held({ seed: 1 })).toEqual(first);
    expect(await held({ seed: 2 })).not.toEqual(first);
    make('stable', ['a/new.jpg', 'b/new.jpg']);
    const after = new Set(await held({ seed: 1 }));
    expect(first.filter((image) => after.has(image)).length).toBeGreaterThanOrEqual(first.length - 2);
  });

  test('is given where there are train/ and val/, which must have the same classes', async () => {
    const path = make('parted', ['train/a/1.jpg', 'train/b/1.jpg', 'val/b/2.jpg', 'test/a/3.jpg']);
    const dataSet = await imageFolder(path);
    expect(dataSet.classes).toEqual(['a', 'b']);
    expect(await all(dataSet.validation as DataSet)).toEqual([[join(path, 'val/b/2.jpg'), 1]]);
    await expect(imageFolder(path, { validation: 0.1 })).rejects.toThrow(/holds out val\/ already/);
    make('parted', ['val/c/1.jpg']);
    await expect(imageFolder(path)).rejects.toThrow(/The class "c" is not among those of the training images/);
  });

  test('a folder called train among others is a class', async () => {
    const dataSet = await imageFolder(make('trains', ['train/1.jpg', 'bus/1.jpg']));
    expect(dataSet.classes).toEqual(['bus', 'train']);
  });

  test('is an error where no class has an image to spare', async () => {
    const attempt = imageFolder(make('single', ['a/1.jpg', 'b/1.jpg']), { validation: 0.5 });
    await expect(attempt).rejects.toThrow(/No class has two images or more/);
  });
});

describe('clear words are said of', () => {
  test.each([
    ['an empty folder', [], /There are no classes: .*Hint: put the images of each class into a folder of its own/],
    ['images without folders', ['1.jpg', '2.jpg'], /There are no classes: /],
    ['one class', ['cat/1.jpg'], /There is one class, "cat": a network learns to tell two or more apart/],
    ['a class without images', ['cat/1.jpg', 'dog/readme.txt'], /dog: The class "dog" has no images/],
  ])('%s', async (name, files, message) => {
    const path = make(name, files as readonly string[]);
    mkdirSync(path, { recursive: true });
    const attempt = imageFolder(path);
    await expect(attempt).rejects.toThrow(DataError);
    await expect(attempt).rejects.toThrow(message as RegExp);
  });

  test('a folder that is not there', async () => {
    await expect(imageFolder(join(folder, 'missing'))).rejects.toThrow(
      /missing: The folder cannot be read: there is no such file/,
    );
  });

  test.each([
    [{ validation: 1 }, /validation: expected a part from 0 to less than 1, received 1\./],
    [{ validation: 20 }, /Hint: 0\.2 holds out a fifth/],
    [{ seed: 0.5 }, /seed: expected an integer/],
    [{ split: 0.1 }, /has no option split/],
  ])('the options %p', async (options, message) => {
    const attempt = imageFolder(folder, options as ImageFolderOptions);
    await expect(attempt).rejects.toThrow(ArgumentError);
    await expect(attempt).rejects.toThrow(message);
  });
});

test('an abort ends the walk with its reason', async () => {
  const path = make('aborted', ['a/1.jpg', 'b/1.jpg']);
  await expect(imageFolder(path, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
});
