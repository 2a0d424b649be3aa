/** What TF-Slim's resnet_v2_test asserts of complete networks, test by test under its own names, and values that it computed. */
import * as nets from '../../lib/slim/nets/index.js';
import { completeNetworkTests } from './complete_networks.js';
import { build, images, shapesOf, withResnetArgScope } from './support.js';

completeNetworkTests('v2');

test('shapes of resnet_v2_50 at 224', () => {
  const { value } = build(() =>
    withResnetArgScope(() => nets.resnetV2_50(images([1, 224, 224, 3]), { numClasses: 1001 })),
  );
  const shapes = shapesOf(value.endPoints);
  expect(shapes['resnet_v2_50/conv1']).toEqual([1, 112, 112, 64]);
  expect(shapes['resnet_v2_50/block1/unit_1/bottleneck_v2']).toEqual([1, 56, 56, 256]);
  expect([1, 2, 3, 4].map((b) => shapes[`resnet_v2_50/block${b}`])).toEqual([
    [1, 28, 28, 256],
    [1, 14, 14, 512],
    [1, 7, 7, 1024],
    [1, 7, 7, 2048],
  ]);
  expect(shapes['resnet_v2_50/logits']).toEqual([1, 1, 1, 1001]);
});

test('a unit norms and rectifies before its convolutions, and projects what it has rectified', () => {
  const { graph } = build(() =>
    withResnetArgScope(() => nets.resnetV2_50(images([1, 65, 65, 3]), { isTraining: false })),
  );
  const producer = (name: string, input: number) =>
    graph.nodes.find((node) => node.name === `resnet_v2_50/block1/${name}`)?.inputs[input]?.name;
  const unit = 'unit_1/bottleneck_v2';
  for (const layer of ['shortcut', 'conv1'])
    expect(producer(`${unit}/${layer}/Conv2D`, 0)).toBe(`resnet_v2_50/block1/${unit}/preact/Relu`);
  expect(producer('unit_2/bottleneck_v2/add', 0)).toBe(`resnet_v2_50/block1/${unit}/add`);
});
