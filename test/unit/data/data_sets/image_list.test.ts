import { join } from 'node:path';
import { labelsOf } from '../../../../lib/data/data_sets/index.js';
import { type DataSet, type ImageListOptions, imageList } from '../../../../lib/data/index.js';
import { ArgumentError, DataError } from '../../../../lib/errors.js';
import { temporaryFolder, writeFiles } from '../../../helpers/temporary_folder.js';

const folder = temporaryFolder('image-list');
let lists = 0;

function write(text: string | Uint8Array): string {
  const name = `${lists++}.txt`;
  writeFiles(folder, { [name]: text });
  return join(folder, name);
}

async function read(text: string | Uint8Array, options?: ImageListOptions): Promise<[string[], [string, number][]]> {
  const dataSet = await imageList(write(text), options);
  return [[...dataSet.classes], await rows(dataSet)];
}

async function rows(dataSet: DataSet): Promise<[string, number][]> {
  const found: [string, number][] = [];
  for (let i = 0; i < dataSet.length; i++) {
    const { image, label } = await dataSet.get(i);
    found.push([(image as string).replace(`${folder}/`, ''), label]);
  }
  return found;
}

const expected = [
  ['cat', 'dog'],
  [
    ['d/1.jpg', 1],
    ['c/1.jpg', 0],
    ['/abs/2.jpg', 0],
  ],
];

test.each([
  ['CSV with a head', 'image,label\nd/1.jpg,dog\nc/1.jpg,cat\n/abs/2.jpg,cat\n'],
  ['columns among others, in another order', 'id;Class;x;Path\n1;dog;0;d/1.jpg\n2;cat;0;c/1.jpg\n3;cat;0;/abs/2.jpg'],
  ['two columns without a head', 'd/1.jpg,dog\nc/1.jpg,cat\n/abs/2.jpg,cat\n'],
  ['tabs and Windows line ends', 'file\tcategory\r\nd/1.jpg\tdog\r\n\r\nc/1.jpg\tcat\r\n/abs/2.jpg\tcat\r\n'],
  ['quotes', '"d/1.jpg","dog"\n"c/1.jpg","cat"\n"/abs/2.jpg","cat"\n'],
  ['UTF-16 with its mark', Buffer.from('\ufeffimage,label\nd/1.jpg,dog\nc/1.jpg,cat\n/abs/2.jpg,cat\n', 'utf16le')],
  [
    'JSON lines',
    '{"file_name": "d/1.jpg", "label": "dog", "x": 1}\n\n{"file_name": "c/1.jpg", "label": "cat"}\n{"file_name": "/abs/2.jpg", "label": "cat"}\n',
  ],
])('%s is read', async (_, text) => {
  expect(await read(text)).toEqual(expected);
});

test('columns may be named, and paths may start elsewhere', async () => {
  const text = 'where,what\n1.jpg,a\n2.jpg,b\n';
  const options = { image: 'where', label: 'what', root: '/photos' };
  expect(await read(text, options)).toEqual([
    ['a', 'b'],
    [
      ['/photos/1.jpg', 0],
      ['/photos/2.jpg', 1],
    ],
  ]);
});

test('labels are names, or indices of the classes that are given', async () => {
  const classes = ['x', 'cat', 'dog'];
  const [, byName] = await read('d,dog\nc,cat\n', { classes });
  const [, byNumber] = await read('d,2\nc,1\n', { classes });
  const [names, alone] = await read('{"path": "d", "label": 0}\n{"path": "c", "label": 1}\n');
  expect(byName).toEqual([
    ['d', 2],
    ['c', 1],
  ]);
  expect(byNumber).toEqual(byName);
  expect([names, alone.map(([, label]) => label)]).toEqual([
    ['0', '1'],
    [0, 1],
  ]);
});

test('a part of each class is held out', async () => {
  const text = Array.from({ length: 40 }, (_, i) => `${i}.jpg,${i % 2 === 0 ? 'a' : 'b'}`).join('\n');
  const dataSet = await imageList(write(text), { validation: 0.25, seed: 3 });
  const heldOut = dataSet.validation as DataSet;
  expect([dataSet.length, heldOut.length]).toEqual([30, 10]);
  expect([...(await labelsOf(heldOut))].sort().join('')).toBe('0000011111');
});

describe('clear words are said of', () => {
  test.each([
    ['an empty list', ' \n', /The list is empty/],
    ['lines without separators', 'a.jpg\nb.jpg', /Line 1: expected columns for the path and the class/],
    ['a head alone', 'image,label\n', /The list holds no images/],
    ['one class', 'a,cat\nb,cat\n', /There is one class, "cat"/],
    ['a missing cell', 'image,label\na.jpg,cat\nb.jpg,\n', /Line 3 names no class/],
    [
      'a line with too few cells',
      'image,label\na.jpg,cat\nb.jpg\n',
      /Line 3: expected 2 columns as in the first line, received 1/,
    ],
    ['columns of other names', 'foo,bar,baz\n1,2,3\n', /Line 1: no column for the image among foo, bar, baz.*image:/],
    ['numbers from 1 on', 'a,1\nb,2\n', /numbered from 0 without gaps; 0 has no images.*Hint: give classes/],
    ['negative numbers', 'a,-1\nb,0\nc,1\n', /Line 1: a class cannot have the number -1/],
    ['an image of two classes', 'a,cat\nb,dog\na,dog\n', /Lines 1 and 3 give a different classes/],
    ['a key twice', '{"image": "a", "image": "b", "label": "c"}', /Line 1: the key "image" occurs twice/],
    ['a list in JSON', '{"image": "a", "label": "c"}\n[]', /Line 2: expected an object/],
    [
      'a missing property',
      '{"image": "a", "label": "c"}\n{"label": "c"}',
      /Line 2: there is no property for the image/,
    ],
    ['a label that is none', '{"image": "a", "label": 0.5}', /Line 1: expected a class as text or an integer/],
    ['bytes that are no text', Buffer.from('image,label\nGro\xdf.jpg,a\n', 'latin1'), /Line 2 is not UTF-8/],
  ])('%s', async (_, text, message) => {
    const attempt = imageList(write(text as string | Uint8Array));
    await expect(attempt).rejects.toThrow(DataError);
    await expect(attempt).rejects.toThrow(message as RegExp);
  });

  test.each([
    ['a,3\nb,0\n', /Line 1: the label 3 is out of range: expected 0 to 1/],
    ['a,-1\nb,0\n', /Line 1: the label -1 is out of range/],
    ['a,cat\nb,cow\n', /Line 2: there is no class "cow" among the 2 of classes/],
  ])('labels that are none of the classes', async (text, message) => {
    await expect(read(text, { classes: ['cat', 'dog'] })).rejects.toThrow(message);
  });

  test('options and files', async () => {
    await expect(imageList(join(folder, 'missing.csv'))).rejects.toThrow(/The file cannot be read \(ENOENT\)/);
    await expect(imageList(folder)).rejects.toThrow(/Expected a file, this is a folder/);
    await expect(read('a,b', { classes: 'cat' as unknown as string[] })).rejects.toThrow(ArgumentError);
    await expect(read('a,b\nc,d', { label: 'what' })).rejects.toThrow(
      /no column "what" among a, b|no column for the image/,
    );
  });
});
