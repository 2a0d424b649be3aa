import sharp from 'sharp';
import { inputLimit } from '../../../bench/check.mjs';
import { meansOf } from '../../../bench/drivers/kinds/input.mjs';
import { curve, probe } from '../../../bench/drivers/kinds/neighbours.mjs';
import { sharpPipeline, topFive } from '../../../bench/drivers/sharp_pipeline.mjs';
import { describeGraph } from '../../../bench/graph_file.mjs';
import { buildNetwork } from '../../../bench/network.mjs';
import { differenceOf } from '../../../bench/statistics.mjs';
import * as slimnet from '../../../lib/index.js';

describe('probes beside a subject', () => {
  test('count every call that a busy event loop delayed, with its own waiting time', async () => {
    const stop = new AbortController();
    const latencies = probe(() => Promise.resolve(), 5, stop.signal);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const end = performance.now() + 200;
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    const list: number[] = await latencies;
    // 200 ms are forty calls, half of which waited for 100 ms and more.
    expect(list.filter((ms) => ms > 100).length).toBeGreaterThanOrEqual(15);
    expect(list.length).toBeGreaterThanOrEqual(40);
  });

  test('end with percentiles that are values of the list, up to the largest', () => {
    const list = Array.from({ length: 1000 }, (_, i) => 1000 - i);
    expect(curve(list)).toEqual([
      [50, 500],
      [75, 750],
      [90, 900],
      [95, 950],
      [99, 990],
      [99.9, 999],
      [100, 1000],
    ]);
    expect(curve([3]).every(([, value]: number[]) => value === 3)).toBe(true);
  });
});

describe("a good user's pipeline of sharp and another runtime", () => {
  test('gives each picture its own classes, in the order of the pictures, in batches of at most 32', async () => {
    const jpeg = (value: number) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background: { r: value, g: value, b: value } } })
        .jpeg()
        .toBuffer();
    const values = Array.from({ length: 35 }, (_, i) => (i % 5) * 50);
    const sizes: number[] = [];
    // Five classes; the first pixel of the first plane decides.
    const { together, single } = sharpPipeline(
      { preprocessing: 'vgg', side: 224 },
      async (input: Float32Array, size: number) => {
        sizes.push(size);
        const logits = new Float32Array(5 * size);
        for (let i = 0; i < size; i++) {
          const red = (input[i * 3 * 224 * 224] as number) + 123.68;
          logits[5 * i + Math.round(red / 50)] = 1;
        }
        return logits;
      },
    );
    const jpegs = await Promise.all(values.map(jpeg));
    const firsts = (await together(jpegs)).map(([first]: { index: number }[]) => first?.index);
    expect(firsts).toEqual(values.map((value) => value / 50));
    expect(sizes).toEqual([32, 3]);
    expect((await single(jpegs[3] as Buffer))?.[0]?.index).toBe(3);
  });

  describe.each(['vgg', 'inception'] as const)('with the preprocessing %s', (name) => {
    /** Colours that shade from corner to corner, and a disc that is not in the middle. */
    const picture = Buffer.from(
      Array.from({ length: 500 * 375 }, (_, i) => [i % 500, Math.floor(i / 500)] as const).flatMap(([x, y]) =>
        (x - 150) ** 2 + (y - 200) ** 2 < 3000 ? [250, 20, 40] : [x >> 1, y >> 1, 200 - (x >> 2)],
      ),
    );
    const jpeg = () =>
      sharp(picture, { raw: { width: 500, height: 375, channels: 3 } })
        .jpeg({ quality: 95 })
        .toBuffer();
    test('gives the network the same picture as slimnet', async () => {
      const bytes = await jpeg();
      const options = { preprocessing: name, height: 224, width: 224 };
      const expected = meansOf(await slimnet.preprocessImage(await slimnet.decodeImage(bytes), options), 'nhwc');
      const pipeline = sharpPipeline({ preprocessing: name, side: 224 }, () => new Float32Array(1));
      const actual = meansOf(await pipeline.input(bytes), 'nchw');
      expect(actual.side).toBe(expected.side);
      expect(differenceOf(expected.means, actual.means)).toBeLessThan(inputLimit);
    });
  });

  test('refuses a preprocessing that it does not have', () => {
    expect(() => sharpPipeline({ preprocessing: 'caffe', side: 224 }, () => new Float32Array(1))).toThrow(
      'no caffe preprocessing is written with sharp',
    );
  });

  test('has probabilities that are those of a softmax', () => {
    const [first, second] = topFive(new Float32Array([0, Math.log(3), -1000, -1000, -1000, -1000]));
    expect([first?.index, second?.index]).toEqual([1, 0]);
    expect(first?.probability).toBeCloseTo(0.75);
  });
});

describe('a graph as JSON', () => {
  test('has every node after its inputs, and survives being written', () => {
    const { net } = buildNetwork(slimnet, 'resnet_v1_50');
    const { nodes, output } = JSON.parse(JSON.stringify(describeGraph(net)));
    expect(output).toBe(nodes.length - 1);
    for (const [i, { inputs }] of nodes.entries()) for (const input of inputs) expect(input).toBeLessThan(i);
    expect(nodes.filter(({ op }: { op: string }) => op === 'conv2d')).toHaveLength(54);
    expect(nodes.find(({ op }: { op: string }) => op === 'max_pool2d').attrs.ksize).toEqual([3, 3]);
  });
});
