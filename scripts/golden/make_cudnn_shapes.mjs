// Writes test/native/cudnn/golden/shapes.txt: the convolutions of the registry's networks, for images of several sizes. A line is one
// shape: channels, height and width of the image, filters, height and width of the filter, strides, dilations, padding before and behind.
// Fully connected layers are convolutions with one tap there, as in the cuDNN backend. Needs dist (`npm run build:ts`).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Graph, nets, placeholder, slim } from '../../dist/index.js';

/** What networks are published for, what they are trained with when they are small, and sizes that no stride divides. */
const sizes = [224, 299, 64, 33];

/** Padding before and behind, as TensorFlow has it: of VALID none, of SAME the odd one behind. */
function same(padding, size, taps, stride, dilation) {
  if (padding === 'VALID') return [0, 0];
  const all = Math.max((Math.ceil(size / stride) - 1) * stride + (taps - 1) * dilation + 1 - size, 0);
  return [Math.floor(all / 2), Math.ceil(all / 2)];
}

const shapes = new Set();
for (const name of nets.networkNames) {
  for (const size of sizes) {
    const graph = new Graph();
    const { argScope, build } = nets.network(name);
    try {
      graph.build(() => {
        const images = placeholder('float32', [1, size, size, 3], { name: 'images' });
        slim.argScope(argScope(), () => build(images, { numClasses: 1001, isTraining: false }));
      });
    } catch (error) {
      if (error.code !== 'ERR_SHAPE') throw error;
      continue; // VGG has no result for small images
    }
    for (const { op, inputs, attrs } of graph.nodes) {
      const [x, filter] = inputs.map(({ shape }) => shape);
      if (op.name === 'conv2d') {
        const { strides, dilations, padding, pads } = attrs;
        const around =
          padding === 'EXPLICIT'
            ? [pads.slice(0, 2), pads.slice(2)]
            : [0, 1].map((axis) => same(padding, x[axis + 1], filter[axis], strides[axis], dilations[axis]));
        const [[top, bottom], [left, right]] = around;
        shapes.add(
          [x[3], x[1], x[2], filter[3], filter[0], filter[1], ...strides, ...dilations, top, left, bottom, right].join(
            ' ',
          ),
        );
      }
      if (op.name === 'matmul') shapes.add([x.at(-1), 1, 1, filter[1], 1, 1, 1, 1, 1, 1, 0, 0, 0, 0].join(' '));
    }
  }
}
const numbers = (line) => line.split(' ').map(Number);
const compare = (a, b) => {
  const [left, right] = [numbers(a), numbers(b)];
  const i = left.findIndex((n, k) => n !== right[k]);
  return i < 0 ? 0 : left[i] - right[i];
};
const file = join(import.meta.dirname, '..', '..', 'test', 'native', 'cudnn', 'golden', 'shapes.txt');
writeFileSync(file, `${[...shapes].sort(compare).join('\n')}\n`);
