/** What TF-Slim's resnet_v1_test asserts of complete networks, test by test under its own names, and values that it computed. */
import { ArgumentError } from '../../lib/errors.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { completeNetworkTests } from './complete_networks.js';
import { devices, evaluate, generatedImages, generatedValues, largestDifference } from './numbers.js';
import { build, images, shapesOf, smallBlocks, withResnetArgScope } from './support.js';

completeNetworkTests('v1');

test('shapes of resnet_v1_50 at 224', () => {
  const { value } = build(() =>
    withResnetArgScope(() => nets.resnetV1_50(images([1, 224, 224, 3]), { numClasses: 1000 })),
  );
  const shapes = shapesOf(value.endPoints);
  expect(shapes['resnet_v1_50/conv1']).toEqual([1, 112, 112, 64]);
  expect(shapes['resnet_v1_50/block1/unit_1/bottleneck_v1']).toEqual([1, 56, 56, 256]);
  expect([1, 2, 3, 4].map((b) => shapes[`resnet_v1_50/block${b}`])).toEqual([
    [1, 28, 28, 256],
    [1, 14, 14, 512],
    [1, 7, 7, 1024],
    [1, 7, 7, 2048],
  ]);
  expect(shapes['resnet_v1_50/logits']).toEqual([1, 1, 1, 1000]);
});

const depths = [nets.resnetV1_50, nets.resnetV1_101, nets.resnetV1_152, nets.resnetV1_200] as const;

/** Shapes of the four blocks of a network in scope `net`. */
function blockShapesOf(resnet: (typeof depths)[number], options: slim.Options<nets.ResnetV1DepthOptions>) {
  const { endPoints } = build(() =>
    withResnetArgScope(() => resnet(images([2, 224, 224, 3]), { ...options, numClasses: 10, scope: 'net' })),
  ).value;
  return [1, 2, 3, 4].map((b) => endPoints[`net/block${b}`]?.shape ?? []);
}

test.each(depths.map((resnet, i) => [[50, 101, 152, 200][i], resnet] as const))(
  'testDepthMultiplier: %d',
  (_, resnet) => {
    const base = blockShapesOf(resnet, { minBaseDepth: 1 });
    const scaled = blockShapesOf(resnet, { minBaseDepth: 1, depthMultiplier: 0.25 });
    expect(scaled).toEqual(base.map(([n, h, w, c]) => [n, h, w, Math.trunc(0.25 * (c as number))]));
  },
);

test.each(depths.map((resnet, i) => [[50, 101, 152, 200][i], resnet] as const))('testMinBaseDepth: %d', (_, resnet) => {
  const shapes = blockShapesOf(resnet, { minBaseDepth: 5, depthMultiplier: 0 });
  expect(shapes.map((shape) => shape[3])).toEqual([20, 20, 20, 20]);
});

test.each([
  ['depthMultiplier', { depthMultiplier: -1 }],
  ['depthMultiplier', { depthMultiplier: Number.NaN }],
  ['minBaseDepth', { minBaseDepth: 0 }],
] as const)('an impossible %s is an error', (name, options) => {
  expect(() => blockShapesOf(nets.resnetV1_50, options)).toThrow(ArgumentError);
  expect(() => blockShapesOf(nets.resnetV1_50, options)).toThrow(name);
});

test('storeNonStridedActivations gives blocks twice as fine', () => {
  const shapes = blockShapesOf(nets.resnetV1_50, { storeNonStridedActivations: true });
  expect(shapes.map(([, height]) => height)).toEqual([56, 28, 14, 7]);
});

test.each(devices)('useBoundedActivations keeps all outputs of units between 0 and 6, on %s', async (device) => {
  const { graph, value } = build(() =>
    withResnetArgScope(() =>
      slim.argScope([nets.bottleneckV1], { useBoundedActivations: true }, () =>
        nets.resnetV1(images([1, 33, 33, 3]), smallBlocks('v1'), { scope: 'resnet', isTraining: false }),
      ),
    ),
  );
  const values = generatedValues(graph);
  for (const [name, data] of Object.entries(values)) if (name.endsWith('gamma')) data.fill(8);
  const points = await evaluate(graph, device, value.endPoints, {
    feeds: { images: generatedImages([1, 33, 33, 3]) },
    values,
  });
  for (const [unit, conv3, input] of [
    ['unit_2', 'conv3', 'unit_1'],
    ['unit_3', 'conv3', null],
  ] as const) {
    const scope = `resnet/block1/${unit}/bottleneck_v1`;
    const output = points[scope]?.data ?? [];
    expect(Math.max(...output)).toBeLessThanOrEqual(6);
    expect(Math.min(...output)).toBeGreaterThanOrEqual(0);
    const residual = points[`${scope}/${conv3}`]?.data ?? [];
    expect(Math.max(...residual.map(Math.abs))).toBeGreaterThan(6);
    if (input === null) continue;
    const shortcut = points[`resnet/block1/${input}/bottleneck_v1`]?.data ?? [];
    const clip = (x: number, least: number, most: number) => Math.min(Math.max(x, least), most);
    const expected = shortcut.map((x, i) => clip(x + clip(residual[i] as number, -6, 6), 0, 6));
    expect(largestDifference(output, expected)).toBeLessThan(1e-5);
  }
  // The projection of a first unit is between 0 and 6 as well.
  const shortcut = points['resnet/block1/unit_1/bottleneck_v1/shortcut']?.data ?? [];
  expect([Math.min(...shortcut), Math.max(...shortcut)]).toEqual([0, 6]);
});
