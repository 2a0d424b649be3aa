/** Record files that TensorFlow wrote (scripts/golden/make_data_sets.py), and damaged copies of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { labelsOf } from '../../../../lib/data/data_sets/index.js';
import { type DataSet, decodeImage, subset, type TfRecordsOptions, tfRecords } from '../../../../lib/data/index.js';
import { ArgumentError, DataError, ImageError } from '../../../../lib/errors.js';
import { golden } from '../../../helpers/golden.js';
import { temporaryFolder, writeFiles } from '../../../helpers/temporary_folder.js';

interface Expected {
  readonly label: number;
  readonly size: readonly [number, number, number];
  /** Base64. */
  readonly pixels?: string;
  readonly boxes?: readonly (readonly number[])[];
}

const { files, records } = golden<{
  readonly files: Readonly<Record<string, string>>;
  readonly records: Readonly<Record<string, readonly Expected[]>>;
}>('data_sets.json');
const folder = temporaryFolder('tf-records');
writeFiles(
  folder,
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text, 'base64')])),
);
writeFiles(folder, {
  'flowers/labels.txt': '0:daisy\n1:dandelion\n2:roses\n',
  'mnist/labels.txt': '0:zero\n1:one\n',
});
const at = (name: string) => join(folder, name);
const shard = 'flowers/flowers_train_00000-of-00002.tfrecord';

async function expectSame(dataSet: DataSet, expected: readonly Expected[]): Promise<void> {
  expect(dataSet.length).toBe(expected.length);
  for (const [i, { label, size, pixels }] of expected.entries()) {
    const sample = await dataSet.get(i);
    expect(sample.label).toBe(label);
    const { data, height, width, channels } = await decodeImage(sample.image);
    expect([height, width]).toEqual(size.slice(0, 2));
    if (pixels !== undefined && channels === size[2]) expect(Buffer.from(data).toString('base64')).toBe(pixels);
  }
}

const of = (...names: readonly string[]) => names.flatMap((name) => records[name] as readonly Expected[]);

test('flowers: all shards of train, validation beside it, names from labels.txt', async () => {
  const dataSet = await tfRecords(at('flowers'));
  expect(dataSet.classes).toEqual(['daisy', 'dandelion', 'roses']);
  await expectSame(dataSet, of(shard, 'flowers/flowers_train_00001-of-00002.tfrecord'));
  await expectSame(dataSet.validation as DataSet, of('flowers/flowers_validation_00000-of-00001.tfrecord'));
  expect([...(await labelsOf(dataSet))]).toEqual([0, 2, 1, 1]);
});

test('mnist: grey images in one file, test in the place of validation', async () => {
  const dataSet = await tfRecords(at('mnist'));
  await expectSame(dataSet, of('mnist/mnist_train.tfrecord'));
  await expectSame(dataSet.validation as DataSet, of('mnist/mnist_test.tfrecord'));
  await expectSame(await tfRecords(at('mnist'), { split: 'test' }), of('mnist/mnist_test.tfrecord'));
  expect((await tfRecords(at('mnist'), { validationSplit: null })).validation).toBeUndefined();
});

test('ImageNet: boxes, a number of classes, and labels without the background', async () => {
  const dataSet = await tfRecords(at('imagenet'), { classes: 1001, labelsOffset: 1 });
  const [first, second] = [await dataSet.get(0), await dataSet.get(1)];
  expect([dataSet.classes.length, dataSet.classes[0], first.label, second.label]).toEqual([1000, '1', 0, 999]);
  expect(first.boxes).toEqual(records['imagenet/train-00000-of-00001']?.[0]?.boxes);
  expect(second.boxes).toBeUndefined();
});

test('files may be listed; samples have names, and keys that tell them apart', async () => {
  const dataSet = await tfRecords([at(shard)], { classes: ['a', 'b', 'c'] });
  const samples = await Promise.all([0, 1, 2].map((i) => dataSet.get(i)));
  expect(samples.map(({ name }) => name)).toEqual([0, 1, 2].map((i) => `flowers_train_00000-of-00002.tfrecord#${i}`));
  expect(new Set(samples.map(({ key }) => key)).size).toBe(3);
});

describe('damage', () => {
  const bytes = () => Buffer.from(files[shard] as string, 'base64');
  const classes = ['a', 'b', 'c'];
  let copies = 0;
  const copy = (content: Uint8Array) => {
    const name = `damaged/${copies++}.tfrecord`;
    writeFiles(folder, { [name]: content });
    return at(name);
  };

  test('of one image is an ImageError of that image alone', async () => {
    const damaged = bytes();
    damaged[100] = (damaged[100] as number) ^ 1;
    const dataSet = await tfRecords(copy(damaged), { classes });
    await expect(dataSet.get(0)).rejects.toThrow(ImageError);
    await expect(dataSet.get(0)).rejects.toThrow(/at byte 12: The checksum of record 0 is wrong/);
    await expectSame(subset(dataSet, [1, 2]), (records[shard] as readonly Expected[]).slice(1));
    expect([...(await labelsOf(dataSet))]).toEqual([0, 2, 1]);
  });

  test.each([
    [
      'the length of a later record',
      (b: Buffer) => flip(b, 12 + b.readUInt32LE(0) + 4),
      /the checksum of a record's length/,
    ],
    ['an end within a record', (b: Buffer) => b.subarray(0, b.length - 5), /a record of \d+ bytes is cut off/],
    ['an end within a length', (b: Buffer) => Buffer.concat([b, b.subarray(0, 7)]), /cut off within its length/],
    ['compression', (b: Buffer) => gzipSync(b), /The file is compressed \(gzip\)\. Hint: unpack it/],
    ['another kind of file', () => Buffer.from('Not a record file at all.'), /This is no file of TensorFlow records/],
    ['no records at all', () => Buffer.alloc(0), /The files hold no records/],
  ])('of the file is a DataError: %s', async (_, change, message) => {
    const attempt = tfRecords(copy(change(bytes())), { classes });
    await expect(attempt).rejects.toThrow(DataError);
    await expect(attempt).rejects.toThrow(message);
  });

  function flip(buffer: Buffer, position: number): Buffer {
    buffer[position] = (buffer[position] as number) ^ 1;
    return buffer;
  }

  test('records of another form are told by name', async () => {
    const dataSet = await tfRecords(copy(readFileSync(at(shard))), { classes: ['a', 'b'] });
    await expect(dataSet.get(1)).rejects.toThrow(/The label of record 1 is out of range: expected 0 to 1, received 2/);
  });
});

describe('clear words are said of', () => {
  test.each([
    ['a folder without record files', at('.'), {}, /The folder holds no record files/],
    ['a path that is not there', at('missing'), {}, /The files cannot be found: there is no such file/],
    ['another split', at('mnist'), { split: 'eval' }, /No record file has the string "eval" in its name.*mnist_test/],
    ['another validation split', at('mnist'), { validationSplit: 'dev' }, /No record file has the string "dev"/],
    ['names that are not known', at('imagenet'), {}, /labels\.txt: The names of the classes: there is no such file/],
    [
      'an offset that leaves no class',
      at('mnist'),
      { labelsOffset: 2 },
      /labelsOffset: expected less than the 2 classes/,
    ],
    ['one class', at('mnist'), { labelsOffset: 1 }, /There is one class, "one"/],
    ['an option that is none', at('mnist'), { offset: 1 }, /has no option offset/],
    ['no files', [], {}, /expected paths of files, received none/],
  ])('%s', async (_, source, options, message) => {
    await expect(tfRecords(source as string, options as TfRecordsOptions)).rejects.toThrow(message as RegExp);
  });

  test('a shard that is missing', async () => {
    writeFiles(folder, { 'part/a_train_00000-of-00002.tfrecord': Buffer.from(files[shard] as string, 'base64') });
    await expect(tfRecords(at('part'), { classes: 3 })).rejects.toThrow(
      /Of a_train_\*-of-00002.tfrecord there are 1 files, expected 2/,
    );
  });

  test.each([
    ['0:a\n2:b\n', /there is no class 1/],
    ['0:a\n0:b\n', /line 2: the index 0 occurs twice/],
    ['a\nb\n', /line 1: expected index:name/],
  ])('a labels.txt of %p', async (text, message) => {
    writeFiles(folder, {
      'odd/x_train.tfrecord': Buffer.from(files[shard] as string, 'base64'),
      'odd/labels.txt': text,
    });
    await expect(tfRecords(at('odd'))).rejects.toThrow(message);
  });

  test('numbers that are no image', async () => {
    const dataSet = await tfRecords(at('mnist'));
    await expect((async () => dataSet.get(2))()).rejects.toThrow(ArgumentError);
  });
});
