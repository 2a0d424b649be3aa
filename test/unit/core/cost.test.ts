import { gradients } from '../../../lib/autodiff/index.js';
import { macs } from '../../../lib/core/cost.js';
import { Graph, type Tensor } from '../../../lib/core/graph.js';
import { PlanError, ShapeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';

test('convolutions and matrix products count, what is not needed does not', () => {
  const graph = new Graph();
  const { y, z } = graph.build(() => {
    const x = slim.placeholder('float32', [null, 8, 8, 3], { name: 'x' });
    const conv = slim.conv2d(x, 4, [3, 5], { stride: 2 });
    return { y: slim.fullyConnected(slim.flatten(conv), 10), z: conv };
  });
  const shapes = new Map([['x', [2, 8, 8, 3]]]);
  const conv = 2 * 4 * 4 * 4 * (3 * 5 * 3);
  expect(macs(graph, [z], shapes)).toBe(conv);
  expect(macs(graph, [y, z], shapes)).toBe(conv + 2 * 10 * 64);
});

test('each way back of a convolution counts as much as the way there', () => {
  const graph = new Graph();
  const { y, dx, dfilter } = graph.build(() => {
    const x = slim.placeholder('float32', [2, 8, 8, 3], { name: 'x' });
    const conv = slim.conv2d(x, 4, [3, 5], { stride: 2, activationFn: null, biasesInitializer: null });
    const [image, filter] = gradients(conv, [x, graph.variable('Conv/weights')]) as [Tensor, Tensor];
    return { y: conv, dx: image, dfilter: filter };
  });
  expect(macs(graph, [dx])).toBe(macs(graph, [y]));
  expect(macs(graph, [dfilter])).toBe(macs(graph, [y]));
});

test('unknown sizes and foreign tensors are refused', () => {
  const graph = new Graph();
  const x = graph.build(() => slim.placeholder('float32', [null], { name: 'x' }));
  expect(() => macs(graph, [x])).toThrow(ShapeError);
  expect(() => macs(graph, [x], new Map([['x', [1, 2]]]))).toThrow(/expected float32\[\?\], received shape \[1,2\]/);
  expect(() => macs(new Graph(), [x])).toThrow(PlanError);
});
