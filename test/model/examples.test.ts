/** Runs the examples as their readers do. */
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { decodeImage, shapeClasses } from '../../lib/data/index.js';
import { readEvents } from '../helpers/event_reader.js';
import { encoders, gradient, paint } from '../helpers/pictures.js';
import { writePlainCheckpoint } from '../helpers/plain_checkpoint.js';

const root = join(__dirname, '..', '..');
const examples = join(root, 'examples');
let folder: string;
let checkpoint: string;
/** Of resnet_18. */
let smallCheckpoint: string;
let labels: string;
let pictures: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-examples-'));
  checkpoint = await writePlainCheckpoint(join(folder, 'plain.ckpt'), 1000);
  smallCheckpoint = await writePlainCheckpoint(join(folder, 'small.ckpt'), 1000, 'resnet_18');
  mkdirSync(join(folder, 'examples'));
  for (const name of ['dist', 'node_modules']) symlinkSync(join(root, name), join(folder, name));
  labels = join(folder, 'labels.txt');
  writeFileSync(labels, Array.from({ length: 1000 }, (_, i) => `kind ${i}`).join('\n'));
  const board = paint(60, 60, (x, y) => (((x >> 3) + (y >> 3)) % 2 === 0 ? [250, 250, 250] : [5, 5, 5]));
  pictures = await Promise.all(
    [gradient(60, 40), gradient(80, 60), board].map(async (picture, i) => {
      const path = join(folder, `${i}.png`);
      writeFileSync(path, await encoders.png.encode(picture));
      return path;
    }),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(name: string, args: readonly string[] = [], place = examples): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(place, name), ...args]);
  expect(stderr).toBe('');
  return stdout;
}

/** Runs an example as it stands but for the network, which is resnet_18: less than half the weights to be read, and half the work. */
function runSmall(name: string, args: readonly string[] = []): Promise<string> {
  const [text, network] = [readFileSync(join(examples, name), 'utf8'), "loadModel('resnet_v1_50'"];
  expect(text).toContain(network);
  writeFileSync(join(folder, 'examples', name), text.replace(network, "loadModel('resnet_18'"));
  return run(name, args, join(folder, 'examples'));
}

test('each example is tested here and named in their README', () => {
  const files = readdirSync(examples).filter((name) => name.endsWith('.mjs'));
  expect(files.sort()).toEqual([
    'classify.mjs',
    'data_set.mjs',
    'dense_features.mjs',
    'duplicates.mjs',
    'event_loop.mjs',
    'features.mjs',
    'moderation.mjs',
    'resnet_graph.mjs',
    'segmentation.mjs',
    'server_batching.mjs',
    'server_express.mjs',
    'shapes.mjs',
    'similar.mjs',
    'stream.mjs',
    'train_folder.mjs',
    'train_slim.mjs',
  ]);
});

test('those that need arguments say which, and exit with 2', async () => {
  const needy: string[] = [];
  for (const name of readdirSync(examples).filter((each) => each.endsWith('.mjs'))) {
    const [, usage] = /^\/\/ .*Usage: (node .*)$/m.exec(readFileSync(join(examples, name), 'utf8')) as RegExpExecArray;
    // What stands in brackets may be left out.
    if (!/ [A-Z]/.test(usage?.replace(/\[.*\]/, '') as string)) continue;
    needy.push(name);
    const failure = await promisify(execFile)(process.execPath, [join(examples, name)]).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 2, stdout: '', stderr: `Usage: ${usage}\n` });
  }
  expect(needy).toEqual([
    'classify.mjs',
    'dense_features.mjs',
    'duplicates.mjs',
    'features.mjs',
    'moderation.mjs',
    'server_batching.mjs',
    'server_express.mjs',
    'similar.mjs',
    'stream.mjs',
    'train_folder.mjs',
  ]);
});

test('classify.mjs prints three classes for each picture', async () => {
  const blocks = (await run('classify.mjs', [checkpoint, labels, ...pictures])).trimEnd().split(/\n(?=\/)/);
  expect(blocks).toHaveLength(3);
  blocks.forEach((block, i) => {
    expect(block).toMatch(new RegExp(`^${pictures[i]}\n(  \\d+\\.\\d %  kind \\d+(\n|$)){3}$`));
  });
});

test('data_set.mjs makes whole batches of drawn shapes, and of a folder of classes', async () => {
  const events = join(folder, 'events');
  const drawn = (await run('data_set.mjs')).trimEnd().split('\n');
  expect(drawn[0]).toBe('160 images of 10 classes, 40 held out');
  expect(drawn).toHaveLength(1 + 20);
  expect(drawn.at(-1)).toMatch(/^batch 20: (\w+, ){7}\w+; then epoch 1, image 0$/);
  for (const name of ['cat', 'dog']) {
    mkdirSync(join(folder, 'classes', name), { recursive: true });
    for (let i = 0; i < 5; i++) copyFileSync(pictures[i % 3] as string, join(folder, 'classes', name, `${i}.png`));
  }
  const found = (await run('data_set.mjs', [join(folder, 'classes'), events])).trimEnd().split('\n');
  expect(found[0]).toBe('8 images of 2 classes, 2 held out');
  expect(found[1]).toMatch(/^batch 1: ((cat|dog)(, |;)){8} then epoch 1, image 0$/);
  const [file] = readdirSync(events);
  expect(readEvents(readFileSync(join(events, file as string))).map(({ values }) => values[0]?.tag)).toEqual([
    undefined,
    'input/image/0',
  ]);
});

test('features.mjs finds the two pictures that look alike', async () => {
  const lines = (await runSmall('features.mjs', [smallCheckpoint, ...pictures])).trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(new RegExp(`^${pictures[0]} is most like ${pictures[1]} \\((0|1)\\.\\d{4}\\)$`));
  expect(lines[1]).toMatch(new RegExp(`^${pictures[1]} is most like ${pictures[0]} `));
});

test.each([[[]], [['checkpoint']]])('resnet_graph.mjs %j builds, runs and reports', async (args) => {
  const out = await run(
    'resnet_graph.mjs',
    args.map(() => checkpoint),
  );
  expect(out).toMatch(/^267 variables, the first is resnet_v1_50\/conv1\/weights\n/);
  expect(out).toMatch(/logits float32 \[2,7,7,21\], block4 \[2,7,7,2048\]\n/);
  expect(out).toMatch(/\d+ steps; the first: conv2d /);
});

test.each([[[]], [['checkpoint']]])('dense_features.mjs %j draws the features beside the picture', async (args) => {
  const drawing = join(folder, 'features.png');
  const out = await run('dense_features.mjs', [pictures[0] as string, drawing, '16', ...args.map(() => checkpoint)]);
  const lines = [41, 21, 21, 21].map((side, i) => {
    const shape = [1, side, side, 256 << i];
    return `resnet_v1_50/block${i + 1} [${shape}]: ${side} = (321 - 1) / ${320 / (side - 1)} + 1 places a side`;
  });
  expect(out).toBe(`${[...lines, drawing].join('\n')}\n`);
  const { data, width, height } = await decodeImage(drawing);
  expect([width, height]).toEqual([5 * 329 - 8, 321]);
  // The picture shows as it is, up to the resize; the features show more than one colour.
  const colourAt = (x: number, y: number) => Array.from(data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3));
  const [red, green] = colourAt(160, 160) as [number, number];
  expect(Math.abs(red - 127)).toBeLessThan(8);
  expect(Math.abs(green - 127)).toBeLessThan(8);
  for (const block of [1, 2, 3, 4]) {
    const places = Array.from({ length: 441 }, (_, i) =>
      colourAt(329 * block + 16 * (i % 21), 16 * Math.floor(i / 21)).join(),
    );
    expect(new Set(places).size).toBeGreaterThan(50);
  }
});

test('event_loop.mjs measures throughput and delay', async () => {
  const out = await runSmall('event_loop.mjs', ['1', '0.5']);
  expect(out).toMatch(
    /^\d+\.\d images\/s in batches of 1\nevent-loop delay: median \d+\.\d\d ms, 99 % \d+\.\d\d ms\n$/,
  );
});

test('server_batching.mjs answers each request, in fewer batches than requests', async () => {
  const bad = join(folder, 'bad.png');
  writeFileSync(bad, 'no picture');
  const lines = (await runSmall('server_batching.mjs', [smallCheckpoint, labels, ...pictures, bad]))
    .trimEnd()
    .split('\n');
  expect(lines).toHaveLength(5);
  pictures.forEach((picture, i) => {
    expect(lines[i]).toMatch(new RegExp(`^${picture}: kind \\d+$`));
  });
  expect(lines[3]).toMatch(new RegExp(`^${bad}: This is no image that can be decoded`));
  const [, batches] = lines[4]?.match(/^16 requests, (\d+) batches; images by size of the batch: \{.*\}$/) ?? [];
  expect(Number(batches)).toBeGreaterThan(0);
  expect(Number(batches)).toBeLessThan(12);
});

test('server_express.mjs answers pictures with classes, and what is none with an error', async () => {
  const bad = join(folder, 'no_picture.png');
  writeFileSync(bad, 'no picture');
  const lines = (await runSmall('server_express.mjs', [smallCheckpoint, labels, ...pictures, bad]))
    .trimEnd()
    .split('\n');
  expect(lines).toHaveLength(4);
  pictures.forEach((picture, i) => {
    expect(lines[i]).toMatch(new RegExp(`^${picture}: 200 kind \\d+, kind \\d+, kind \\d+$`));
  });
  expect(lines[3]).toMatch(new RegExp(`^${bad}: 400 This is no image that can be decoded`));
});

test('shapes.mjs counts right answers by class', async () => {
  const lines = (await run('shapes.mjs', ['50'])).trimEnd().split('\n');
  expect(lines).toHaveLength(shapeClasses.length + 1);
  shapeClasses.forEach((name, i) => {
    expect(lines[i]).toMatch(new RegExp(`^${name} +[0-5] of 5(, [1-5] as [a-z]+)*$`));
  });
  const right = Number(/^(\d+) of 50 right$/.exec(lines.at(-1) as string)?.[1]);
  expect(right).toBeGreaterThanOrEqual(45);
  expect(right).toBe(lines.slice(0, -1).reduce((sum, line) => sum + Number(line.slice(8).trim().split(' ')[0]), 0));
});

test('stream.mjs answers for the pictures of a folder as it finds them', async () => {
  const [album, deeper] = [join(folder, 'album'), join(folder, 'album', 'deeper')];
  mkdirSync(deeper, { recursive: true });
  for (let i = 0; i < 40; i++) copyFileSync(pictures[i % 3] as string, join(i % 2 === 0 ? album : deeper, `${i}.png`));
  writeFileSync(join(deeper, 'bad.jpg'), 'no picture');
  writeFileSync(join(album, 'notes.txt'), 'no picture either');
  const lines = (await runSmall('stream.mjs', [smallCheckpoint, labels, album])).trimEnd().split('\n');
  expect(lines.at(-1)).toBe('40 answers, 1 failed');
  const answers = lines.filter((line) => /^.*\d+\.png: kind \d+ \(\d+\.\d %\)$/.test(line));
  expect(new Set(answers.map((line) => line.split(':')[0])).size).toBe(40);
  expect(lines.find((line) => line.startsWith(join(deeper, 'bad.jpg')))).toMatch(/no image/);
});

test('similar.mjs finds the picture itself first, then what is like it, and again from the index that it kept', async () => {
  const [gallery, index] = [join(folder, 'gallery'), join(folder, 'gallery.index')];
  mkdirSync(gallery);
  for (const [i, picture] of pictures.entries()) copyFileSync(picture, join(gallery, `${i}.png`));
  writeFileSync(join(gallery, 'bad.jpg'), 'no picture');
  const args = [checkpoint, gallery, index, pictures[1] as string];
  const [leftOut, ...first] = (await run('similar.mjs', args)).trimEnd().split('\n');
  expect(leftOut).toMatch(/^left out: .*bad\.jpg: This is no image that can be decoded/);
  expect(first.map((line) => line.replace(/^ {2}[\d.]+ {2}/, ''))).toEqual([
    pictures[1],
    ...[1, 0, 2].map((i) => join(gallery, `${i}.png`)),
  ]);
  rmSync(gallery, { recursive: true });
  expect((await run('similar.mjs', args)).trimEnd().split('\n')).toEqual(first);
});

test('duplicates.mjs groups a picture with its copy in another format, and no other', async () => {
  const album = join(folder, 'copies');
  mkdirSync(album);
  for (const [i, picture] of pictures.entries()) copyFileSync(picture, join(album, `${i}.png`));
  await sharp(pictures[2]).webp({ lossless: true }).toFile(join(album, 'copy.webp'));
  const lines = (await run('duplicates.mjs', [checkpoint, album, '0.99999'])).trimEnd().split('\n');
  expect(lines.map((line) => line.replace(/^ +\d+ +/, ''))).toEqual([
    'group 1',
    ...['2.png', 'copy.webp'].map((name) => join(album, name)),
    '4 pictures, 1 with copies',
  ]);
});

test('moderation.mjs shows, refuses and asks for a look, as the rules say', async () => {
  const [album, rules] = [join(folder, 'sent'), join(folder, 'rules.json')];
  mkdirSync(album);
  for (const [i, picture] of pictures.entries()) copyFileSync(picture, join(album, `${i}.png`));
  writeFileSync(join(album, 'bad.jpg'), 'no picture');
  const judged = async (text: object) => {
    writeFileSync(rules, JSON.stringify(text));
    return (await runSmall('moderation.mjs', [smallCheckpoint, labels, rules, album, folder])).trimEnd().split('\n');
  };
  expect(await judged({ certain: 0 })).toEqual(['shown: 3', 'refused: 0', 'review: 1']);
  expect(await judged({ certain: 0, 'kind 3': { refuse: 0 } })).toEqual(['shown: 0', 'refused: 3', 'review: 1']);
  expect(await judged({ certain: 1 })).toEqual(['shown: 0', 'refused: 0', 'review: 4']);
  const [worst] = readFileSync(join(folder, 'review.jsonl'), 'utf8').split('\n');
  expect(JSON.parse(worst as string)).toMatchObject({ picture: join(album, 'bad.jpg'), need: 1 });
});

test('segmentation.mjs learns which pixels are those of the thing', async () => {
  const drawn = join(folder, 'masks.png');
  const out = await run('segmentation.mjs', ['40', drawn]);
  const [, share] = /^intersection over union of 16 new pictures: ([\d.]+)$/m.exec(out) as RegExpExecArray;
  expect(Number(share)).toBeGreaterThan(0.7);
  const { width, height } = await decodeImage(drawn);
  expect([width, height]).toEqual([8 * 64, 2 * 64]);
});

test('train_slim learns to tell stripes, and goes on from its checkpoint', async () => {
  const trained = join(folder, 'stripes');
  const first = await run('train_slim.mjs', ['40', trained]);
  expect(first).toMatch(/^global step 10: loss = /m);
  const [, share] = /^([\d.]+) % of 320 held-out images are classified right$/m.exec(first) as RegExpExecArray;
  expect(Number(share)).toBeGreaterThan(95);
  const second = await run('train_slim.mjs', ['50', trained]);
  expect(second).toContain(`Restoring parameters from ${join(trained, 'model.ckpt-40')}`);
  expect(second).toMatch(/^global step 50: loss = /m);
});

test('train_folder.mjs trains a folder of pictures, and goes on where it was', async () => {
  const photos = join(folder, 'photos');
  for (const [name, blue] of [
    ['warm', 20],
    ['cold', 230],
  ] as const) {
    mkdirSync(join(photos, name), { recursive: true });
    for (let i = 0; i < 12; i++) {
      const picture = paint(70, 70, (x, y) => [(x * 7 + i * 13) % 200, (y * 5 + i * 29) % 200, blue]);
      writeFileSync(join(photos, name, `${i}.png`), await encoders.png.encode(picture));
    }
  }
  const trainDir = join(folder, 'run');
  const first = await run('train_folder.mjs', [photos, trainDir]);
  expect(first).toMatch(/^epoch 4: loss \d\.\d{3}, \d+ % right$/m);
  expect(first).toMatch(/^finished; best: \d+ % after step \d+, .*model\.ckpt-\d+$/m);
  expect(first).toMatch(/^ {2}cold: \d+ %\n {2}warm: \d+ %$/m);
  // All steps are made: nothing is left to do.
  expect(await run('train_folder.mjs', [photos, trainDir])).not.toMatch(/^epoch/m);
}, 120_000);
