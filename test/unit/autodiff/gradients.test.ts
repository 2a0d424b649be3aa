/** What `gradients` adds to a graph, and what it refuses. Values are in test/conformance/gradients.test.ts. */
import { Graph, type Tensor } from '../../../lib/core/graph.js';
import { reachable } from '../../../lib/core/traversal.js';
import {
  ArgumentError,
  constant,
  GradientError,
  gradients,
  placeholder,
  ScopeError,
  ShapeError,
  stopGradient,
} from '../../../lib/index.js';
import { allOps } from '../../../lib/ops/all.js';
import * as ops from '../../../lib/ops/index.js';
import { vocabulary as v } from '../../../lib/ops/vocabulary.js';
import { encode } from '../../../lib/plan/encode.js';

type Known = readonly (number | null)[];

function build<T>(body: (x: (name: string, shape: Known) => Tensor) => T): T {
  const graph = new Graph();
  return graph.build(() => body((name, shape) => placeholder('float32', shape, { name })));
}

/** The ops that a tensor needs, in the order of their making. */
const opsOf = (tensor: Tensor) => reachable(tensor.graph, [tensor]).map((node) => node.op.name);
const call = (op: Parameters<Graph['add']>[0], inputs: readonly Tensor[], attrs = {}): Tensor =>
  (inputs[0] as Tensor).graph.add(op, inputs, attrs).outputs[0] as Tensor;

test('begins with ones, or with what it is given', () => {
  build((x) => {
    const [a, b] = [x('a', [3]), x('b', [3])];
    const [ones] = gradients(a, [a]);
    expect([ones?.node.op.name, ones?.node.attrs.values, ones?.shape]).toEqual(['constant', [1], [3]]);
    expect(gradients(a, [a], { gradYs: [b] })).toEqual([b]);
    expect(gradients([a, b], [b], { gradYs: [undefined, a] })).toEqual([a]);
  });
});

test('adds up what arrives on several ways', () => {
  build((x) => {
    const a = x('a', [3]);
    const [da] = gradients(v.add(v.mul(a, a), a), [a]);
    expect(opsOf(da as Tensor)).toEqual(['input', 'constant', 'mul', 'mul', 'add', 'add']);
  });
});

test('asks for nothing that the fetched gradient does not need', () => {
  build((x) => {
    const [images, filter, bias] = [x('images', [2, 5, 5, 3]), x('filter', [3, 3, 3, 4]), x('bias', [4])];
    const attrs = { strides: [1, 1], dilations: [1, 1], padding: 'SAME', pads: [0, 0, 0, 0] };
    const y = call(ops.biasAdd, [v.conv2d(images, filter, attrs), bias]);
    const [dfilter, dbias] = gradients(y, [filter, bias]) as [Tensor, Tensor];
    expect(opsOf(dfilter)).toEqual(['input', 'constant', 'conv2d_backward_filter']);
    expect(opsOf(dbias)).toEqual(['constant', 'sum_to']);
  });
});

test('a plan reads nothing of a tensor whose shape alone matters', () => {
  build((x) => {
    const [images, filter] = [x('images', [null, 5, 5, 3]), x('filter', [3, 3, 3, 4])];
    const attrs = { strides: [1, 1], dilations: [1, 1], padding: 'SAME', pads: [0, 0, 0, 0] };
    const [dimages] = gradients(v.conv2d(v.exp(images), filter, attrs), [images]) as [Tensor];
    // exp's gradient needs exp's result, and so the images; the convolution's does not need its x.
    const [dx] = gradients(v.conv2d(images, filter, attrs), [images], { gradYs: [x('dy', [null, 5, 5, 4])] }) as [
      Tensor,
    ];
    const plan = (y: Tensor) =>
      encode({
        graph: y.graph,
        fetches: new Map([['y', y]]),
        shapes: new Map([
          ['images', [2, 5, 5, 3]],
          ['dy', [2, 5, 5, 4]],
        ]),
      });
    expect(plan(dimages).text).toContain('exp(%');
    const { text, inputs } = plan(dx);
    expect(text).toMatch(
      /conv2d_backward_data\(%1, %2\) \{strides=\[1,1\], dilations=\[1,1\], pads=\[1,1,1,1\], x_shape=\[2,5,5,3\]\}/,
    );
    // It is fed all the same: the run has to know its shape.
    expect(inputs.map((i) => i.name)).toEqual(['images', 'filter', 'dy']);
  });
});

test('what computes a tensor does not run where its shape alone matters', () => {
  build((x) => {
    const a = x('a', [2, 3]);
    const y = v.broadcastTo(x('b', [3]), v.exp(a));
    expect(opsOf(y)).toEqual(['input', 'broadcast_to']);
  });
});

test('unknown dimensions are found again', () => {
  build((x) => {
    const images = x('images', [null, 4, 4, 3]);
    for (const y of [
      call(ops.reduceMean, [images], { axes: [1, 2], keep_dims: false }),
      call(ops.reduceMean, [images], { axes: [], keep_dims: false }),
      call(ops.reduceSum, [images], { axes: [-1], keep_dims: false }),
      call(ops.reshape, [images], { shape: [0, -1] }),
      call(ops.squeeze, [v.expandDims(images, [1])], { axes: [1] }),
      v.mul(images, x('s', [1, 1, 3])),
    ]) {
      const [dx] = gradients(y, [images]) as [Tensor];
      expect([y.node.op.name, dx.shape]).toEqual([y.node.op.name, [null, 4, 4, 3]]);
    }
    const open = x('open', [null, null, null, 3]);
    expect(() => gradients(call(ops.reshape, [open], { shape: [-1] }), [open])).toThrow(GradientError);
  });
});

test('a gradient stops at ops that say so, at integers, and where it is told to', () => {
  build((x) => {
    const a = x('a', [3]);
    const stopped = v.exp(a);
    const y = v.add(v.mul(a, stopped), stopped);
    expect(opsOf(gradients(y, [a], { stopGradients: [stopped] })[0] as Tensor)).not.toContain('add');
    // An x among the stops still has a gradient, which goes no further.
    const [ds, da] = gradients(y, [stopped, a], { stopGradients: [stopped] }) as [Tensor, Tensor];
    expect(opsOf(ds)).toContain('add');
    expect(opsOf(da)).not.toContain('add');
    const rounded = v.cast(v.cast(a, 'int32'), 'float32');
    expect(() => gradients(rounded, [a])).toThrow(/cast_1 does not depend on a in a way that can be differentiated/);
    expect(opsOf(gradients(v.add(rounded, a), [a])[0] as Tensor)).toEqual(['constant']);
    expect(() => gradients(y, [x('b', [])])).toThrow(GradientError);
  });
});

test('names the path to an op without a gradient', () => {
  build((x) => {
    const [a, dy] = [x('a', [1, 4, 4, 1]), x('dy', [1, 2, 2, 1])];
    const slope = v.maxPool2dBackward(v.exp(a), dy, {
      ksize: [2, 2],
      strides: [2, 2],
      padding: 'VALID',
      pads: [0, 0, 0, 0],
    });
    expect(() => gradients(v.mul(slope, 2), [a])).toThrow(
      expect.objectContaining({
        code: 'ERR_GRADIENT',
        op: 'max_pool2d_backward',
        message: expect.stringMatching(
          /has no gradient: second derivatives of a maximum are not there; the path to it is mul <- max_pool2d_backward/,
        ),
      }),
    );
  });
});

test('every op has a gradient, stops gradients, or says why it has none', () => {
  const without = allOps.filter((op) => op.differentiable === 'no');
  expect(without.map((op) => op.name)).toEqual([
    'argmax',
    'batch_norm_training_backward',
    'batch_norm_training_relu_backward',
    'confusion_matrix',
    'max_pool2d_backward',
    'microbatch_concat',
    'microbatch_slice',
    'reorder',
  ]);
  for (const op of without) expect(op.withoutGradient).toMatch(/ /);
});

test('no gradient goes through stopGradient', () => {
  build((x) => {
    const a = x('a', [3]);
    const [da] = gradients(v.mul(stopGradient(v.exp(a)), a), [a]) as [Tensor];
    expect(opsOf(da)).toEqual(['input', 'exp', 'stop_gradient', 'constant', 'mul']);
    expect(() => gradients(stopGradient(a), [a])).toThrow(/does not depend on a in a way that can be differentiated/);
  });
});

test('variables are asked for by themselves, and each way in which they are read counts', () => {
  const graph = new Graph();
  graph.build(() => {
    const variable = graph.addVariable(
      { name: 'w', dtype: 'float32', shape: [3], trainable: true, initialValue: () => new Float32Array(3) },
      (made) =>
        graph.add(
          ops.variable,
          [],
          { name: 'w' },
          { name: 'w', types: [{ dtype: 'float32', shape: [3] }], variable: made },
        ).outputs[0] as Tensor,
    );
    const [dw] = gradients(v.mul(variable.tensor, v.exp(variable.tensor)), [variable]) as [Tensor];
    expect(opsOf(dw).filter((name) => name === 'add')).toHaveLength(1);
  });
});

test('nodes stand in a scope of their own, each below the name of the op that it is for', () => {
  build((x) => {
    const a = x('a', [3]);
    const y = v.exp(a);
    expect(gradients(y, [a])[0]?.name).toBe('gradients/exp_grad/mul');
    expect(gradients(y, [a], { name: 'back' })[0]?.name).toBe('back/exp_grad/mul');
  });
});

test('a batch norm whose statistics alone are used has no gradient for scale and offset', () => {
  build((x) => {
    const [image, scale, offset] = [x('x', [2, 3]), x('scale', [3]), x('offset', [3])];
    const [, mean] = image.graph.add(ops.batchNormTraining, [image, scale, offset], { epsilon: 1e-3, bessel: true })
      .outputs as [Tensor, Tensor, Tensor];
    expect(opsOf(gradients(mean, [image])[0] as Tensor)).not.toContain('batch_norm_training_backward');
    expect(() => gradients(mean, [scale])).toThrow(GradientError);
  });
});

test('refuses what is no tensor, belongs to another graph, or has no derivative', () => {
  const other = build((x) => x('other', [3]));
  build((x) => {
    const a = x('a', [3]);
    expect(() => gradients([], [a])).toThrow(ArgumentError);
    expect(() => gradients(a, a as never)).toThrow(ArgumentError);
    expect(() => gradients(a, [3 as never])).toThrow(ArgumentError);
    expect(() => gradients(a, [a], { gradYs: [] })).toThrow(ArgumentError);
    expect(() => gradients(a, [a], { gradYs: [3 as never] })).toThrow(ArgumentError);
    expect(() => gradients(a, [a], { gradYs: [x('b', [4])] })).toThrow(ShapeError);
    expect(() => gradients(a, [a], { seed: 1 } as never)).toThrow(ArgumentError);
    expect(() => gradients(a, [other])).toThrow(ScopeError);
    expect(() => gradients(constant([1], { dtype: 'int32' }), [a])).toThrow(GradientError);
  });
});
