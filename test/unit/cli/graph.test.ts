/** `slimnet inspect --graph`: outlines of networks, as a table and as a drawing. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { type Group, type Item, isGroup, type Outline, outlineOf, toDepth } from '../../../lib/cli/graph/outline.js';
import { graphSvg } from '../../../lib/cli/graph/svg.js';
import { graphText } from '../../../lib/cli/graph/text.js';
import { macs } from '../../../lib/core/cost.js';
import type { Tensor } from '../../../lib/core/graph.js';
import { elementCount } from '../../../lib/core/shape.js';
import * as slim from '../../../lib/slim/index.js';
import * as nets from '../../../lib/slim/nets/index.js';
import { slimnet } from '../../helpers/cli.js';
import { goldenFolder } from '../../helpers/golden.js';
import { writePlainCheckpoint } from '../../helpers/plain_checkpoint.js';
import { build, images } from '../../parity/support.js';

const block = (scope: string, baseDepth: number, numUnits: number, stride: number) =>
  nets.resnetV1Block(scope, { baseDepth, numUnits, stride });

function small() {
  const { graph, value } = build(() =>
    slim.argScope(nets.resnetArgScope(), () =>
      nets.resnetV1(images([1, 32, 32, 3]), [block('block1', 2, 2, 2), block('block2', 4, 4, 1)], {
        scope: 'resnet',
        numClasses: 5,
        isTraining: false,
      }),
    ),
  );
  const { net, endPoints } = value;
  return { graph, net, outline: outlineOf(graph, [net, endPoints.predictions as Tensor]) };
}

function find(items: readonly Item[], ...path: readonly string[]): Item {
  const [head, ...rest] = path;
  const item = items.find(({ name }) => name === head) as Item;
  return rest.length === 0 ? item : find((item as Group).items, ...rest);
}

const names = (items: readonly Item[]) => items.map(({ name }) => name);

describe('the outline', () => {
  const { graph, net, outline } = small();

  test('has the scopes of the network, with layers as leaves', () => {
    expect(names(outline.items)).toEqual(['images', 'resnet']);
    const { items } = find(outline.items, 'resnet') as Group;
    expect(names(items)).toEqual(['conv1', 'pool1', 'block1', 'block2', 'pool5', 'logits', 'predictions']);
    const unit = find(items, 'block1', 'unit_1') as Group;
    expect(unit.items.map((item) => [item.name, isGroup(item) ? item.items : item.ops])).toEqual([
      ['shortcut', 'conv2d 1x1, batch_norm'],
      ['conv1', 'conv2d 1x1, batch_norm, relu'],
      ['conv2', 'conv2d 3x3, batch_norm, relu'],
      ['conv3', 'conv2d 1x1, batch_norm'],
      ['add', 'add, relu'],
    ]);
    expect(find(items, 'conv1')).toMatchObject({ ops: 'pad, conv2d 7x7/2, batch_norm, relu', shape: [1, 16, 16, 64] });
    expect(find(items, 'pool1')).toMatchObject({ ops: 'max_pool2d 3x3/2', parameters: 0 });
  });

  test('counts what the whole network has, part by part', () => {
    const resnet = find(outline.items, 'resnet') as Group;
    const parameters = [...graph.variables.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
    expect(resnet).toMatchObject({ parameters, macs: macs(graph, [net]), shape: net.shape });
    for (const key of ['parameters', 'macs'] as const)
      expect(resnet.items.reduce((sum, item) => sum + item[key], 0)).toBe(resnet[key]);
  });

  test('knows who reads whom', () => {
    const unit = find(outline.items, 'resnet', 'block2', 'unit_2') as Group;
    const add = find(unit.items, 'add').ids[0] as number;
    const before = (find(outline.items, 'resnet', 'block2', 'unit_1') as Group).ids.at(-1) as number;
    const readers = outline.edges.filter(([, to]) => to === add).map(([from]) => from);
    expect(readers.sort()).toEqual([before, find(unit.items, 'conv3').ids[0]].sort());
  });

  test('can be cut at a depth', () => {
    const { items } = find(toDepth(outline, 1).items, 'resnet') as Group;
    expect(items.filter(isGroup)).toEqual([]);
    expect(find(items, 'block2')).toMatchObject({ ops: '4 units', mainOp: null, parameters: expect.any(Number) });
    expect(toDepth(outline, 0).items[1]).toMatchObject({ name: 'resnet', ops: '2 units' });
    expect(
      (find(toDepth(outline, 2).items, 'resnet', 'block1') as Group).items.map((item) => 'ops' in item && item.ops),
    ).toEqual(['5 layers', '5 layers']);
    expect(toDepth(outline, 9)).toEqual(outline);
  });

  test('a variable that two layers share counts once', () => {
    const { graph: other, value } = build(() => {
      const x = images([1, 4, 4, 3]);
      const first = slim.conv2d(x, 3, [1, 1], { scope: 'shared' });
      return slim.conv2d(first, 3, [1, 1], { scope: 'shared', reuse: true });
    });
    const { items } = outlineOf(other, [value]);
    expect(items.map(({ name, parameters }) => [name, parameters])).toEqual([
      ['images', 0],
      ['shared', 12],
      ['shared_1', 12],
    ]);
    const all = build(() =>
      slim.variableScope('net', () => {
        const first = slim.conv2d(images([1, 4, 4, 3]), 3, [1, 1], { scope: 'shared' });
        return slim.conv2d(first, 3, [1, 1], { scope: 'shared', reuse: true });
      }),
    );
    expect(find(outlineOf(all.graph, [all.value]).items, 'net').parameters).toBe(12);
  });
});

describe('the table', () => {
  test('is indented by scope', () => {
    const lines = graphText(small().outline).split('\n');
    expect(lines[0]).toMatch(/^layer +op +output +parameters +MACs$/);
    expect(lines).toContainEqual(expect.stringMatching(/^resnet +\[1,1,1,5\] +\d+ +\d+$/));
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {6}conv2 +conv2d 3x3, batch_norm, relu +\[1,8,8,2\] +44 +2304$/),
    );
  });
});

describe('the drawing', () => {
  const draw = (outline: Outline, title = 'small') => graphSvg(outline, title);
  const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

  test('shows each layer once, repeated units as one, shortcuts as arcs', () => {
    const svg = draw(small().outline);
    // Units 2 to 4 of block2 look the same.
    expect(svg).toContain('>unit_2 \u2026 4  \u00d73<');
    expect(count(svg, />conv3</g)).toBe(4);
    // Three units have an identity shortcut as an arc (one of them stands for three), one a convolution, one a pooling.
    expect(count(svg, />shortcut</g)).toBe(3);
    expect(count(svg, /stroke="#c2410c"/g)).toBe(3 * 2 + 1);
    expect(svg).toContain('>16 \u00d7 16 \u00d7 64<');
    expect(svg).toContain('>9.66 k<');
  });

  test('lies within its frame, boxes within those of their scopes, none on another', () => {
    const svg = draw(small().outline);
    const number = (text: string, name: string) => Number(new RegExp(` ${name}="(-?[\\d.]+)"`).exec(text)?.[1]);
    const boxes = [...svg.matchAll(/<rect x=[^>]*>/g)].map(([text]) => ({
      left: number(text, 'x'),
      top: number(text, 'y'),
      right: number(text, 'x') + number(text, 'width'),
      bottom: number(text, 'y') + number(text, 'height'),
    }));
    const [, dx, dy] = (/translate\((-?[\d.]+) (-?[\d.]+)\)/.exec(svg) ?? []).map(Number) as [number, number, number];
    const [width, height] = [number(svg, 'width'), number(svg, 'height')];
    for (const box of boxes) {
      expect(box.left + dx).toBeGreaterThan(0);
      expect(box.right + dx).toBeLessThan(width);
      expect(box.bottom + dy).toBeLessThan(height);
      for (const other of boxes) {
        const apart =
          box.right < other.left || other.right < box.left || box.bottom < other.top || other.bottom < box.top;
        const inside =
          box.left >= other.left && box.right <= other.right && box.top >= other.top && box.bottom <= other.bottom;
        const around =
          other.left >= box.left && other.right <= box.right && other.top >= box.top && other.bottom <= box.bottom;
        expect(apart || inside || around).toBe(true);
      }
    }
  });

  test('is a picture that a renderer takes, whatever the names', async () => {
    const { info } = await sharp(Buffer.from(draw(small().outline, '<a & "b">\u0007')))
      .png()
      .toBuffer({ resolveWithObject: true });
    expect(info.width).toBeGreaterThan(300);
    expect(info.height).toBeGreaterThan(1000);
  });
});

describe('slimnet inspect --graph', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'slimnet-graph-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('prints the network, down to a depth', async () => {
    const { status, out, err } = await slimnet(['inspect', 'resnet_v1_50', '--graph', '--depth', '2']);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(/^resnet_v1_50 +\[1,1,1,1000\] +25610152 +3482255360$/m);
    expect(out).toMatch(/^ {4}unit_3 +5 layers +\[1,28,28,256\] +71168 +93126656$/m);
    expect(out.split('\n')).toHaveLength(2 + 2 + 5 + 4 + 16 + 1);
  });

  test('draws to a file or to standard output', async () => {
    const path = join(folder, 'new', 'net.svg');
    expect(await slimnet(['inspect', 'vgg_16', '--graph', path])).toEqual({
      status: 0,
      out: '',
      err: `${path}: vgg_16\n`,
    });
    const { out } = await slimnet(['inspect', 'vgg_16', '--graph', '--format', 'svg']);
    expect(readFileSync(path, 'utf8')).toBe(out);
    expect(out).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(out).toContain('>conv5_3<');
  });

  test('writes the table to a file of another name', async () => {
    const path = join(folder, 'net.txt');
    await slimnet(['inspect', 'resnet_v1_50', '--graph', path, '--size', '65']);
    expect(readFileSync(path, 'utf8')).toMatch(/^ {2}conv1 .* \[1,33,33,64\]/m);
  });

  test('of a checkpoint shows the network whose weights it holds, with its classes', async () => {
    const path = await writePlainCheckpoint(join(folder, 'plain.safetensors'), 7);
    const { status, out } = await slimnet(['inspect', path, '--graph', '--depth', '1']);
    expect(status).toBe(0);
    expect(out).toMatch(/^resnet_v1_50 +\[1,1,1,7\]/m);
    const other = join(goldenFolder, 'checkpoints', 'small_resnet_v1_v1', 'resnet.ckpt');
    expect(await slimnet(['inspect', other, '--graph'])).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringMatching(/no network that is known here.*name the network/),
    });
  });

  test.each([
    [['--graph', 'x.svg', '--format', 'text'], /ends in \.svg/],
    [['--graph', 'x.png'], /a file that ends in \.png is not one that is written.*\.svg/],
    [['--graph', 'x.pdf', '--format', 'svg'], /ends in \.pdf/],
    [['--graph', ''], /expected the name of a file/],
    [['--graph', '--depth', 'deep'], /integer/],
    [['--graph', '--format', 'png'], /Allowed choices are text, svg/],
    [['--graph', '--json'], /cannot be used with option/],
    [['--depth', '2'], /--depth is for --graph/],
    [['--format', 'svg'], /--format is for --graph/],
  ])('%j is wrong use', async (args, message) => {
    const { status, out, err } = await slimnet(['inspect', 'resnet_v1_50', ...args]);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(message);
    expect(existsSync('x.svg')).toBe(false);
  });
});
