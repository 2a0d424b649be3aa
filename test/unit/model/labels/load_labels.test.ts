import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ArgumentError } from '../../../../lib/errors.js';
import { loadLabels } from '../../../../lib/model/labels/load_labels.js';
import { network } from '../../../../lib/slim/nets/registry.js';

let folder: string;
let files = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-labels-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string | Uint8Array): string {
  const path = join(folder, `${files++}.txt`);
  writeFileSync(path, content);
  return path;
}

const names = ['tench', 'goldfish, Carassius auratus', 'great white shark'];
const python = `{0: 'tench',\n 1: 'goldfish, Carassius auratus',\n 2: "great white shark"}\n`;
const each = (line: (name: string, i: number) => string) => `${names.map(line).join('\n')}\n`;

describe('a file of labels is', () => {
  test.each<[string, string | Uint8Array]>([
    ['one name a line', each((name) => name)],
    ['without a last line end', names.join('\n')],
    ['with Windows line ends and blank lines at its end', `${names.join('\r\n')}\r\n\r\n`],
    ['with line ends of old Macs', names.join('\r')],
    ['with a byte order mark', `\ufeff${names.join('\n')}`],
    ['UTF-16 with its mark', Buffer.from(`\ufeff${names.join('\r\n')}\r\n`, 'utf16le')],
    ['big-endian UTF-16 with its mark', Buffer.from(`\ufeff${names.join('\n')}`, 'utf16le').swap16()],
    ['index:name', each((name, i) => `${i}:${name}`)],
    ['index:name in any order', [2, 0, 1].map((i) => `${i}: ${names[i]}`).join('\n')],
    ['index and name behind spaces', each((name, i) => `  ${i}: ${name}`)],
    ['index, a space, name', each((name, i) => `${i} ${name}`)],
    ['index, a tab, name', each((name, i) => `${i}\t${name}`)],
    ['index, a comma, name', each((name, i) => `${i},${name}`)],
    ['index, a comma, name in quotes', each((name, i) => `${i},"${name}"`)],
    ['index, a full stop, name', each((name, i) => `${i}. ${name}`)],
    ['index, a bracket, name', each((name, i) => `${i}) ${name}`)],
    ['index - name', each((name, i) => `${i} - ${name}`)],
    ['index => name', each((name, i) => `${i} => ${name}`)],
    ['name, index', each((name, i) => `${name}: ${i}`)],
    ['names in quotes where they hold commas', 'tench\n"goldfish, Carassius auratus"\ngreat white shark\n'],
    ['names in quotes with commas behind', each((name) => `"${name}",`)],
    ['names behind dashes', each((name) => `- ${name}`)],
    ["names behind WordNet's numbers", each((name, i) => `n0144076${i} ${name}`)],
    ["index, WordNet's number, name", each((name, i) => `${i} n0144076${i} ${name}`)],
    ["index: WordNet's number, name", each((name, i) => `${i}: n0144076${i}, ${name}`)],
    ["WordNet's number, index, name", each((name, i) => `n0144076${i} ${i} ${name}`)],
    ['names behind bullets', each((name) => `* ${name}`)],
    ['index:name behind dashes, in any order', [2, 0, 1].map((i) => `- ${i}: ${names[i]}`).join('\n')],
    ['a JSON list', JSON.stringify(names)],
    ['a JSON object', JSON.stringify({ 0: names[0], 2: names[2], 1: names[1] })],
    ["Keras' class index", JSON.stringify({ 0: ['n01440764', names[0]], 1: ['n1', names[1]], 2: ['n2', names[2]] })],
    ['a JSON object from name to index', JSON.stringify({ [names[1] as string]: 1, tench: 0, 'great white shark': 2 })],
    ['a JSON list of [index, name]', JSON.stringify([2, 0, 1].map((i) => [i, names[i]]))],
    ['a config.json with id2label', JSON.stringify({ model_type: 'resnet', id2label: { ...names } })],
    [
      'a config.json with label2id',
      JSON.stringify({ label2id: Object.fromEntries(names.map((name, i) => [name, i])) }),
    ],
    [
      "timm's config.json",
      JSON.stringify({
        architecture: 'resnet18',
        label_names: ['n1', 'n2', 'n3'],
        label_descriptions: { n3: names[2], n1: names[0], n2: names[1] },
      }),
    ],
    ["Python's dictionary", python],
    ["Python's dictionary that gets a name", `labels = ${python}`],
    ["Python's list", `[ 'tench', # a fish\n  u'goldfish, ' 'Carassius auratus', 'great \\x77hite shark', ]`],
    ["Python's list of tuples", `[(0, 'tench'), (2, 'great white shark'), (1, 'goldfish, Carassius auratus')]`],
  ])('%s', async (_, content) => {
    expect(await loadLabels(file(content), 3)).toEqual(names);
  });

  test.each([
    ['names that begin with numbers', ['7 of clubs', '7 of hearts', 'ace of spades', 'joker', 'king of hearts']],
    ['names that are numbers', ['0', '1', '2', '3']],
    ['names that differ in their number alone', ['class 0', 'class 1', 'class 2']],
    ['names of aircraft', ['A310', 'A320', 'Boeing 707-320', 'Boeing 737-200', 'Boeing 747']],
    ['names in any script', ['\u732b', 'Gro\u00dfmaul', '\u00e9cureuil']],
  ])('one of %s', async (_, list) => {
    expect(await loadLabels(file(list.join('\n')), list.length)).toEqual(list);
  });
});

test('a list in memory is taken as it is, and so is a file in memory', async () => {
  expect(await loadLabels(names, 3)).toEqual(names);
  expect(await loadLabels(Buffer.from(each((name, i) => `${i} ${name}`)), 3)).toEqual(names);
  expect(await loadLabels(Uint8Array.from(Buffer.from(names.join('\n'))).buffer, 3)).toEqual(names);
  expect(await loadLabels(pathToFileURL(file(each((name) => name))), 3)).toEqual(names);
});

describe('a name more than there are classes', () => {
  const five = ['daisy', 'dandelion', 'roses', 'sunflowers', 'tulips'];
  const thousand = Array.from({ length: 1000 }, (_, i) => `name ${i}`);

  test.each(['background', 'Dummy', '__background__', '<background>', '[unused]', 'unused', '???'])(
    'is dropped where it is %s',
    async (first) => {
      expect(await loadLabels([first, ...five], 5)).toEqual(five);
    },
  );

  test.each([
    ['behind the others', [...five, 'other']],
    ['in front of them', ['weeds', ...five]],
    ['and a background behind the others', [...five, 'background']],
  ])('is an error %s', async (_, list) => {
    await expect(loadLabels(list, 5)).rejects.toThrow(
      /expected 5 labels, received 6, of which the first, the string "/,
    );
    await expect(loadLabels(list, 5, network('resnet_v1_50'))).rejects.toThrow(/is no background/);
  });

  test("is dropped from ImageNet's list where that of the network begins with a background", async () => {
    expect(await loadLabels(['something', ...thousand], 1000, network('resnet_v1_50'))).toEqual(thousand);
    await expect(loadLabels(['tench', ...thousand], 1000, network('resnet_v1_50'))).rejects.toThrow(/no background/);
    await expect(loadLabels(['something', ...thousand], 1000)).rejects.toThrow(/no background/);
  });

  test('1000 names fit a network of 1001 classes, whose first is the background', async () => {
    expect(await loadLabels(thousand, 1001)).toEqual(['background', ...thousand]);
    expect(await loadLabels(thousand, 1001, network('resnet_v2_50'))).toEqual(['background', ...thousand]);
    await expect(loadLabels(thousand, 1001, network('resnet_v1_50'))).rejects.toThrow(/expected 1001 labels/);
    await expect(loadLabels(['background', ...thousand.slice(1)], 1001)).rejects.toThrow(/expected 1001 labels/);
  });
});

describe('refused with the name of the file and what is wrong', () => {
  test.each<[string, string | Uint8Array, RegExp]>([
    ['too few', 'a\nb', /expected 4 labels, received 2/],
    ['too many', 'a\nb\nc\nd\ne\nf', /expected 4 labels, received 6/],
    ['none', '', /received 0 lines/],
    ['a blank line', 'a\nb\n\nc\nd\n', /line 3 is blank/],
    ['a blank first line', '\na\nb\nc\nd\n', /line 1 is blank/],
    ['a line of nothing that is seen', 'a\n\u200b\nc\nd\n', /line 2 is blank/],
    ['a character that was lost', 'a\nb\ncaf\ufffd\nd\n', /line 3 has U\+FFFD/],
    ['a lost character in JSON', '["a",\n"b\ufffd", "c", "d"]', /line 2 has U\+FFFD/],
    ['hexadecimal indices', '0x0 a\n0x1 b\n0x2 c\n0x3 d\n', /each line has its number/],
    [
      "WordNet's number on some lines with indices",
      '0 n01440764 a\n1 b\n2 n01440765 c\n3 n01440766 d',
      /line 2 lacks WordNet/,
    ],
    ['Latin-1', Buffer.from('a\nb\ncaf\xe9\nd\n', 'latin1'), /line 3 is not UTF-8/],
    ['UTF-16 without its mark', Buffer.from('a\nb\nc\nd\n', 'utf16le'), /line 1 has a character of value zero/],
    ['UTF-16 that ends within a character', Buffer.from([0xff, 0xfe, 0x61]), /is no UTF-16/],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), /UTF-32/],
    ['Latin-1 that was decoded as UTF-8', 'a\nb\nc\u0085\nd', /line 3 has a control character/],
    ['an odd line among indices', '0 a\n1 b\nc\n3 d\n', /line 3: expected an index and a name/],
    ['an odd first line', 'index,name\n0,a\n1,b\n2,c\n3,d\n', /line 1: expected an index and a name/],
    ['an index among names', 'a\nb\n2: c\nd\n', /line 3: has an index, which other lines have not/],
    ['an index where it would be', 'a\nb\n2 c\nd\n', /line 3: has an index, which other lines have not/],
    ['indices that are written in two ways', '0: a\n1: b\n2, c\n3: d\n', /line 3: its index is written otherwise/],
    ['an index without a name', '0:a\n1:\n2:c\n3:d\n', /line 2 has no name/],
    ['a gap', '0:a\n1:b\n3:c\n4:d', /numbered from 0 without gaps; 2 is missing/],
    ['indices from 1', '1 a\n2 b\n3 c\n4 d', /0 is missing.*numbered from 1/],
    ['an index twice', '0:a\n1:b\n1:c\n3:d', /the index 1 occurs twice/],
    ['an odd line among indices behind', 'a 0\nb 1\nc\nd 3\n', /line 3: expected a name and its index/],
    ['columns', '0,a,x\n1,b,x\n2,c,y\n3,d,y\n', /each line has 3 columns/],
    ['columns with tabs', '0\tn0\ta\n1\tn1\tb\n2\tn2\tc\n3\tn3\td', /each line has 3 columns/],
    ['an index in brackets', '(0) a\n(1) b\n(2) c\n(3) d\n', /each line has its number/],
    ['quotes that do not end', '0,"a\n1,b\n2,c\n3,d', /line 1: the quotes do not end the line/],
    ["WordNet's number on some lines", 'n01440764 a\nn01443537 b\nc\nn0 d', /line 3 lacks WordNet's number/],
    ['a comment', '# flowers\na\nb\nc\nd', /line 1 is not a name: this is a comment/],
    ['YAML', 'names:\n  0: a\n  1: b\n  2: c\n  3: d', /line 1 is not a name: this is YAML/],
    ['a label map', 'item {\n  id: 1\n  name: "a"\n}', /label map/],
    ['a web page', '<!DOCTYPE html>\n<p>\n404\n</p>', /a web page/],
    ['broken JSON', '["a", ', /not valid JSON/],
    ['JSON of numbers', '[1, 2, 3, 4]', /expected label names, received 1/],
    ['JSON with a blank name', '["a", "", "c", "d"]', /name 1 is blank/],
    ['a gap in JSON', '{"0": "a", "1": "b", "3": "c", "4": "d"}', /numbered from 0 without gaps; 2 is missing/],
    ['a key that is no number', '{"0": "a", "one": "b", "2": "c", "3": "d"}', /indices of classes as keys.*"one"/],
    ['a key twice', '{"0": "a", "1": "b", "1": "c", "2": "d"}', /the key "1" occurs twice/],
    ['a configuration without labels', '{"model_type": "resnet", "num_channels": 3}', /configuration of a model/],
    ['Python that is broken', "{0: 'a',\n 1 'b'}", /line 2: expected a colon/],
    ['a key twice in Python', "{0: 'a', 1: 'b', 1: 'c', 2: 'd'}", /the index 1 occurs twice/],
    ['more than a literal', "['a', 'b', 'c', 'd']\nprint(1)", /line 2: expected the end of the text/],
  ])('%s', async (_, content, message) => {
    const path = file(content);
    const error = await loadLabels(path, 4).catch((e: unknown) => e as Error);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(path);
  });

  test('a missing file and a list of other things', async () => {
    await expect(loadLabels(join(folder, 'missing.txt'), 3)).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringMatching(/cannot be read \(ENOENT\)/),
    });
    await expect(loadLabels(['a', 1, 'c'] as unknown as string[], 3)).rejects.toThrow(
      /label 1: expected a string, received 1/,
    );
    await expect(loadLabels(5 as unknown as string[], 3)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    await expect(loadLabels(new URL('https://example.org/labels.txt'), 3)).rejects.toThrow(/expected a file: URL/);
  });
});

describe('imagenet stands for the names of ImageNet', () => {
  test('for 1000 classes, and with a background in front for 1001', async () => {
    const names = await loadLabels('imagenet', 1000);
    expect(names).toHaveLength(1000);
    expect([names[0], names[207], names[999]]).toEqual([
      'tench, Tinca tinca',
      'golden retriever',
      'toilet tissue, toilet paper, bathroom tissue',
    ]);
    expect(await loadLabels('imagenet', 1001, network('resnet_v2_50'))).toEqual(['background', ...names]);
    expect(await loadLabels('imagenet', 1001)).toEqual(['background', ...names]);
  });

  test('and for no other number', async () => {
    await expect(loadLabels('imagenet', 5)).rejects.toThrow(/labels: imagenet: expected 5 labels, received 1000/);
  });
});
