/** Layers in NCHW compute what they compute in NHWC, and the compiler keeps two transposes for a stack of them. */
import type { Tensor } from '../../../lib/core/graph.js';
import * as slim from '../../../lib/slim/index.js';
import { devices, generatedImages, generatedValues, largestDifference, numbers, withSession } from '../numbers.js';
import { build } from '../support.js';

const shape = [2, 6, 5, 3];
const toNchw = [0, 3, 1, 2];
const toNhwc = [0, 2, 3, 1];

/** A small residual network in one format, seen from outside in the same format. */
function network(x: Tensor, dataFormat: slim.DataFormat, isTraining: boolean): Tensor {
  return slim.argScope([slim.conv2d], { dataFormat, normalizerFn: slim.batchNorm }, () =>
    slim.argScope([slim.batchNorm], { dataFormat, isTraining, scale: true }, () =>
      slim.argScope([slim.maxPool2d, slim.avgPool2d, slim.biasAdd], { dataFormat }, () =>
        slim.variableScope('net', { reuse: slim.AUTO_REUSE }, () => {
          const root = slim.maxPool2d(slim.conv2d(x, 4, 3, { scope: 'root' }), 2, { stride: 1, padding: 'SAME' });
          const inner = slim.conv2d(root, 4, 3, { scope: 'inner', activationFn: null });
          const sum = slim.relu(slim.add(root, inner));
          const pooled = slim.avgPool2d(sum, 3, { stride: 2, padding: 'SAME' });
          const plain = slim.conv2d(pooled, 6, 1, { scope: 'plain', normalizerFn: null });
          return slim.biasAdd(plain, { scope: 'offset', activationFn: slim.elu });
        }),
      ),
    ),
  );
}

function both(isTraining: boolean) {
  return build(() => {
    const x = slim.placeholder('float32', shape, { name: 'images' });
    const last = network(x, 'NHWC', isTraining);
    const first = network(slim.transpose(x, toNchw), 'NCHW', isTraining);
    return { last, first: slim.transpose(first, toNhwc), outside: first };
  });
}

describe.each(devices)('on %s', (device) => {
  test.each([true, false])('testNHWCAndNCHWProduceSameOutput, training %p', async (isTraining) => {
    const { graph, value } = both(isTraining);
    expect(value.outside.shape).toEqual([2, 6, 3, 3]);
    await withSession(graph, device, async (session) => {
      await session.initialize();
      for (const [name, data] of Object.entries(generatedValues(graph))) session.write(name, data);
      const { last, first } = numbers(
        await session.run({ images: generatedImages(shape) }, { last: value.last, first: value.first }),
      );
      expect(first?.shape).toEqual(last?.shape);
      expect(largestDifference(first?.data ?? [], last?.data ?? [])).toBeLessThan(1e-4);
    });
  });

  test('a stack of layers in NCHW keeps one transpose at each end', async () => {
    const { graph, value } = build(() => network(slim.placeholder('float32', [2, 3, 6, 5]), 'NCHW', false));
    await withSession(graph, device, async (session) => {
      const plan = await session.plan({ y: value });
      expect(plan.match(/ = transpose\(/g)).toHaveLength(2);
    });
  });

  test('a network that is seen in NHWC from outside keeps none', async () => {
    const { graph, value } = both(false);
    await withSession(graph, device, async (session) => {
      expect(await session.plan({ y: value.first })).not.toMatch(/ = transpose\(/);
    });
  });
});
