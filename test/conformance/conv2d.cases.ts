import type { Tensor } from '../../lib/core/graph.js';
import { add, batchNorm, biasAdd, conv2d, maxPool2d, pad, relu, relu6, sub } from '../../lib/ops/index.js';
import { normalized } from './batch_norm.cases.js';
import { type Attrs, type Case, call, each, fromTensorFlow, type InputSpec, type OpCases } from './cases.js';
import * as naive from './naive.js';

type Shape = readonly number[];
type Window = Omit<naive.Window, 'ksize'>;

const unit: Window = { strides: [1, 1], pads: [0, 0, 0, 0] };
const same3: Window = { strides: [1, 1], pads: [1, 1, 1, 1] };

function attrsOf({ strides, dilations = [1, 1], pads }: Window): Attrs {
  return { strides, dilations, padding: 'EXPLICIT', pads };
}

/** Image and filter; the filter is a variable with values of the size that keeps activations near 1. */
function operands(x: Shape, filter: Shape, as: 'input' | 'variable' = 'variable'): InputSpec[] {
  return [
    { shape: x, k: 10 },
    { shape: filter, k: 11, scale: Math.sqrt(6 / naive.count(filter.slice(0, 3))), as },
  ];
}

function plain(x: Shape, filter: Shape, window: Window, as: 'input' | 'variable' = 'variable'): Case {
  const dilations = window.dilations === undefined ? '' : ` dilations ${window.dilations}`;
  return {
    name: `[${x}] with [${filter}] strides ${window.strides} pads ${window.pads}${dilations}${as === 'input' ? ', a fed filter' : ''}`,
    inputs: operands(x, filter, as),
    attrs: attrsOf(window),
    expected: (a = [], f = []) => [naive.conv2d(x, filter, window, a, f)],
  };
}

/** A convolution, [2,6,7,5] -> [2,6,7,17] unless told, with whatever follows it. */
function chain(
  name: string,
  more: readonly InputSpec[],
  tail: (y: Tensor, rest: readonly Tensor[]) => readonly Tensor[],
  expected: (y: Shape, ...rest: Shape[]) => Shape[],
  [x, filter]: readonly [Shape, Shape] = [
    [2, 6, 7, 5],
    [3, 3, 5, 17],
  ],
): Case {
  return {
    name,
    inputs: [...operands(x, filter), ...more],
    build: ([image, weights, ...rest]) =>
      tail(call(conv2d, [image as Tensor, weights as Tensor], attrsOf(same3)), rest),
    expected: (a = [], f = [], ...rest) => expected(naive.conv2d(x, filter, same3, a, f), ...rest),
  };
}

const bias: InputSpec = { shape: [17], k: 12, scale: 0.5, as: 'variable' };
const residual: InputSpec = { shape: [2, 6, 7, 17], k: 13 };
const statistics: InputSpec[] = [
  { shape: [17], k: 31, scale: 0.2, offset: 1, as: 'variable' },
  { shape: [17], k: 32, scale: 0.1, as: 'variable' },
  { shape: [17], k: 33, scale: 0.1, as: 'variable' },
  { shape: [17], k: 34, scale: 0.5, offset: 1, as: 'variable' },
];
const sums = (a: Shape, b: Shape) => a.map((v, i) => v + (b[i] as number));

const fused: Case[] = [
  chain(
    'bias',
    [bias],
    (y, [b]) => [call(biasAdd, [y, b as Tensor])],
    (y, b = []) => [naive.addBias(y, b)],
  ),
  chain(
    'relu',
    [],
    (y) => [call(relu, [y])],
    (y) => [y.map(naive.relu)],
  ),
  chain(
    'bias, relu',
    [bias],
    (y, [b]) => [call(relu, [call(biasAdd, [y, b as Tensor])])],
    (y, b = []) => [naive.addBias(y, b).map(naive.relu)],
  ),
  chain(
    'bias, relu6',
    [{ ...bias, scale: 6 }],
    (y, [b]) => [call(relu6, [call(biasAdd, [y, b as Tensor])])],
    (y, b = []) => [naive.addBias(y, b).map(naive.relu6)],
  ),
  chain(
    'bias, add, relu; the other operand is an input',
    [bias, residual],
    (y, [b, r]) => [call(relu, [call(add, [r as Tensor, call(biasAdd, [y, b as Tensor])])])],
    (y, b = [], r = []) => [sums(naive.addBias(y, b), r).map(naive.relu)],
  ),
  chain(
    'bias, add, relu; the other operand is computed and has no other reader',
    [bias, residual],
    (y, [b, r]) => [call(relu, [call(add, [call(relu, [r as Tensor]), call(biasAdd, [y, b as Tensor])])])],
    (y, b = [], r = []) => [sums(naive.addBias(y, b), r.map(naive.relu)).map(naive.relu)],
  ),
  chain(
    'add, relu; the other operand is wanted as well',
    [residual],
    (y, [r]) => {
      const other = call(relu, [r as Tensor]);
      return [call(relu, [call(add, [y, other])]), other];
    },
    (y, r = []) => [sums(y, r.map(naive.relu)).map(naive.relu), r.map(naive.relu)],
  ),
  chain(
    'add; the sum has two readers',
    [residual],
    (y, [r]) => {
      const z = call(add, [y, call(relu, [r as Tensor])]);
      return [call(relu, [z]), call(relu6, [z])];
    },
    (y, r = []) => {
      const z = sums(y, r.map(naive.relu));
      return [z.map(naive.relu), z.map(naive.relu6)];
    },
  ),
  chain(
    'the result is wanted before and after relu',
    [],
    (y) => [y, call(relu, [y])],
    (y) => [[...y], y.map(naive.relu)],
  ),
  chain(
    'added to itself',
    [],
    (y) => [call(add, [y, y])],
    (y) => [y.map((v) => v + v)],
  ),
  chain(
    'add of a stretched operand',
    [{ shape: [17], k: 14 }],
    (y, [v]) => [call(relu, [call(add, [y, v as Tensor])])],
    (y, v = []) => [naive.addBias(y, v).map(naive.relu)],
  ),
  chain(
    'subtracted, which is not fused',
    [residual],
    (y, [r]) => [call(sub, [r as Tensor, y])],
    (y, r = []) => [r.map((v, i) => v - (y[i] as number))],
  ),
  chain(
    'batch norm, relu',
    statistics,
    (y, rest) => [call(relu, [call(batchNorm, [y, ...rest], { epsilon: 1e-5 })])],
    (y, s = [], o = [], m = [], v = []) => [normalized(1e-5, y, s, o, m, v).map(naive.relu)],
  ),
  chain(
    'bias, batch norm, add, relu',
    [...statistics, bias, residual],
    (y, rest) => {
      const [s, o, m, v, b, r] = rest as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
      const norm = call(batchNorm, [call(biasAdd, [y, b]), s, o, m, v], { epsilon: 0.001 });
      return [call(relu, [call(add, [call(relu, [r]), norm])])];
    },
    (y, s = [], o = [], m = [], v = [], b = [], r = []) => [
      sums(normalized(0.001, naive.addBias(y, b), s, o, m, v), r.map(naive.relu)).map(naive.relu),
    ],
  ),
  chain(
    'batch norm of a channel without variance',
    statistics.map((spec, i) => (i === 3 ? { ...spec, special: [[2, 0]] as const } : spec)),
    (y, rest) => [call(batchNorm, [y, ...rest], { epsilon: 1e-3 })],
    (y, s = [], o = [], m = [], v = []) => [normalized(1e-3, y, s, o, m, v)],
  ),
  chain(
    'batch norm with statistics that are fed is not folded',
    statistics.map((spec) => ({ ...spec, as: 'input' as const })),
    (y, rest) => [call(batchNorm, [y, ...rest], { epsilon: 1e-3 })],
    (y, s = [], o = [], m = [], v = []) => [normalized(1e-3, y, s, o, m, v)],
  ),
  chain(
    'max pooling by 1 with stride 2',
    [],
    (y) => [call(maxPool2d, [y], { ksize: [1, 1], strides: [2, 2], padding: 'SAME', pads: [0, 0, 0, 0] })],
    (y) => [
      naive.pool2d([2, 6, 7, 17], { ksize: [1, 1], strides: [2, 2], pads: [0, 0, 0, 0] }, (v) => v[0] as number, y),
    ],
  ),
];

/** A convolution with a bias. */
function biased(x: Shape, filter: Shape, window: Window): Case {
  const { name, attrs = {} } = plain(x, filter, window);
  return {
    name: `${name}, with a bias`,
    attrs,
    inputs: [...operands(x, filter), { shape: filter.slice(3), k: 12, as: 'variable' }],
    build: ([image, weights, b]) => [
      call(biasAdd, [call(conv2d, [image as Tensor, weights as Tensor], attrs), b as Tensor]),
    ],
    expected: (a = [], f = [], b = []) => [naive.addBias(naive.conv2d(x, filter, window, a, f), b)],
  };
}

/** Shapes for which a vendor's library was found to be wrong: keep them all. */
const traps: Case[] = [
  // Outputs that see only padding: pads as wide as the window, or taps that jump over the image. oneDNN 3.7.2 crashed.
  biased([1, 1, 1, 16], [1, 2, 16, 16], { strides: [1, 2], dilations: [1, 2], pads: [0, 2, 1, 3] }),
  biased([1, 2, 2, 8], [2, 1, 8, 16], { strides: [2, 1], pads: [0, 0, 0, 1] }),
  biased([2, 3, 1, 16], [3, 1, 16, 8], { strides: [1, 2], dilations: [1, 2], pads: [0, 1, 1, 2] }),
  biased([1, 1, 2, 8], [1, 3, 8, 8], { strides: [1, 1], dilations: [1, 5], pads: [2, 2, 4, 5] }),
  biased([1, 3, 1, 8], [3, 2, 8, 8], { strides: [1, 1], dilations: [2, 2], pads: [2, 2, 1, 1] }),
  // One channel, strides over the width, one column of results. oneDNN 3.7.2 took the wrong rows.
  plain([1, 3, 1, 1], [3, 3, 1, 17], { strides: [1, 2], dilations: [2, 1], pads: [2, 2, 1, 1] }),
  plain([2, 6, 5, 1], [3, 3, 1, 17], { strides: [1, 3], pads: [0, 1, 0, 0] }),
  plain([1, 5, 3, 1], [1, 2, 1, 32], { strides: [1, 3], dilations: [2, 1], pads: [0, 0, 1, 0] }),
];

/** Shapes that the onednn backend computes by Winograd's F(4x4, 3x3): many tiles, channels in sixteens. */
const manyTiles: Case[] = [
  ...each(
    [
      [[2, 16, 16, 32], [3, 3, 32, 48], same3],
      [[1, 23, 21, 48], [3, 3, 48, 16], same3],
      [[3, 14, 15, 32], [3, 3, 32, 16], { strides: [1, 1], pads: [0, 0, 0, 0] }],
      [[4, 7, 7, 64], [3, 3, 64, 64], same3],
      [[16, 7, 7, 32], [3, 3, 32, 32], same3],
      [[2, 18, 19, 32], [3, 3, 32, 16], { strides: [1, 1], pads: [2, 0, 0, 3] }],
      [[1, 25, 3, 32], [3, 3, 32, 16], { strides: [1, 1], pads: [1, 1, 20, 5] }],
    ] as const,
    ([x, filter, window]) => plain(x, filter, window),
  ),
  plain([2, 16, 16, 32], [3, 3, 32, 16], same3, 'input'),
  chain(
    'many tiles: bias, add, relu; the other operand has no other reader',
    [
      { shape: [16], k: 12, scale: 0.5, as: 'variable' },
      { shape: [2, 17, 18, 16], k: 13 },
    ],
    (y, [b, r]) => [call(relu, [call(add, [call(relu, [r as Tensor]), call(biasAdd, [y, b as Tensor])])])],
    (y, b = [], r = []) => [sums(naive.addBias(y, b), r.map(naive.relu)).map(naive.relu)],
    [
      [2, 17, 18, 32],
      [3, 3, 32, 16],
    ],
  ),
  chain(
    'many tiles: add; the other operand is wanted as well',
    [{ shape: [2, 17, 18, 16], k: 13 }],
    (y, [r]) => {
      const other = call(relu, [r as Tensor]);
      return [call(add, [y, other]), other];
    },
    (y, r = []) => [sums(y, r.map(naive.relu)), r.map(naive.relu)],
    [
      [2, 17, 18, 32],
      [3, 3, 32, 16],
    ],
  ),
  chain(
    'many tiles: bias, relu6',
    [{ shape: [16], k: 12, scale: 6, as: 'variable' }],
    (y, [b]) => [call(relu6, [call(biasAdd, [y, b as Tensor])])],
    (y, b = []) => [naive.addBias(y, b).map(naive.relu6)],
    [
      [2, 17, 18, 32],
      [3, 3, 32, 16],
    ],
  ),
  {
    ...plain([2, 16, 16, 32], [3, 3, 32, 16], same3),
    name: 'many tiles: an infinity reaches the pixels around it alone',
    differs: { onednn: 'Winograd turns an infinite pixel into NaN in the whole tiles around it' },
    inputs: operands([2, 16, 16, 32], [3, 3, 32, 16]).map((spec, i) =>
      i === 0 ? { ...spec, special: [[32 * (16 * 5 + 5), Number.POSITIVE_INFINITY]] as const } : spec,
    ),
  },
];

/** NaN in the middle of a filter: all of a channel is NaN, also where it is computed in tiles. */
const tilesOfNaN: Case[] = (
  [
    ['relu', relu, naive.relu],
    ['relu6', relu6, naive.relu6],
  ] as const
).map(([name, op, definition]) => {
  const [x, f] = [
    [2, 16, 16, 32],
    [3, 3, 32, 16],
  ] as const;
  const middle = 4 * 32 * 16 + 5;
  return {
    ...plain(x, f, same3),
    name: `many tiles: ${name} keeps NaN of the filter`,
    inputs: operands(x, f).map((spec, i) => (i === 1 ? { ...spec, special: [[middle, Number.NaN]] as const } : spec)),
    build: (inputs, options) => [call(op, [call(conv2d, inputs, options)])],
    expected: (a = [], b = []) => [naive.conv2d(x, f, same3, a, b).map(definition)],
  };
});

/** What is fused into a convolution keeps NaN, whatever kernel the shape has: pointwise, direct, in tiles. */
const fusedWithNaN: Case[] = (
  [
    ['relu', relu, naive.relu],
    ['relu6', relu6, naive.relu6],
  ] as const
).flatMap(([name, op, definition]) =>
  (
    [
      [[1, 4, 4, 2], [1, 1, 2, 3], unit],
      [[1, 7, 7, 64], [1, 1, 64, 32], unit],
      [[1, 9, 9, 16], [3, 3, 16, 32], { ...same3, strides: [2, 2] }],
      [[1, 16, 16, 32], [3, 3, 32, 16], same3],
    ] as const
  ).map(([x, f, attrs]) => ({
    ...plain(x, f, attrs),
    name: `${name} keeps NaN: ${x} by ${f}`,
    inputs: operands(x, f).map((spec, i) => (i === 0 ? { ...spec, special: [[4, Number.NaN]] as const } : spec)),
    build: (inputs, options) => [call(op, [call(conv2d, inputs, options)])],
    expected: (a = [], b = []) => [naive.conv2d(x, f, attrs, a, b).map(definition)],
  })),
);

/** conv2dSame of Slim: zeros by hand, then VALID. */
const padded: Case[] = each([1, 2, 3], (stride) => ({
  name: `pad [1,2,3,4], then stride ${stride}`,
  inputs: operands([2, 9, 8, 3], [5, 5, 3, 4]),
  build: ([x, f]) => {
    const wide = call(pad, [x as Tensor], { pads: [0, 0, 1, 2, 3, 4, 0, 0] });
    return [
      call(conv2d, [wide, f as Tensor], {
        strides: [stride, stride],
        dilations: [1, 1],
        padding: 'VALID',
        pads: [0, 0, 0, 0],
      }),
    ];
  },
  expected: (a = [], f = []) => [
    naive.conv2d([2, 9, 8, 3], [5, 5, 3, 4], { strides: [stride, stride], pads: [1, 2, 3, 4] }, a, f),
  ],
}));

/** A bottleneck unit with a projection: both addends are convolutions. */
const unitCase: Case = {
  name: 'a bottleneck unit with a projected shortcut',
  inputs: [
    { shape: [2, 8, 8, 16], k: 10 },
    { shape: [1, 1, 16, 8], k: 11, scale: 0.5, as: 'variable' },
    { shape: [3, 3, 8, 8], k: 12, scale: 0.2, as: 'variable' },
    { shape: [1, 1, 8, 32], k: 13, scale: 0.5, as: 'variable' },
    { shape: [1, 1, 16, 32], k: 14, scale: 0.5, as: 'variable' },
  ],
  build: (inputs) => {
    const [x, f1, f2, f3, f4] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const conv = (a: Tensor, f: Tensor, window: Window) => call(conv2d, [a, f], attrsOf(window));
    const shortcut = conv(x, f4, { ...unit, strides: [2, 2] });
    const inner = call(relu, [conv(call(relu, [conv(x, f1, unit)]), f2, { ...same3, strides: [2, 2] })]);
    return [call(relu, [call(add, [shortcut, conv(inner, f3, unit)])])];
  },
  expected: (x = [], f1 = [], f2 = [], f3 = [], f4 = []) => {
    const shortcut = naive.conv2d([2, 8, 8, 16], [1, 1, 16, 32], { ...unit, strides: [2, 2] }, x, f4);
    const first = naive.conv2d([2, 8, 8, 16], [1, 1, 16, 8], unit, x, f1).map(naive.relu);
    const second = naive.conv2d([2, 8, 8, 8], [3, 3, 8, 8], { ...same3, strides: [2, 2] }, first, f2).map(naive.relu);
    return [sums(shortcut, naive.conv2d([2, 4, 4, 8], [1, 1, 8, 32], unit, second, f3)).map(naive.relu)];
  },
};

export const conv2dCases: OpCases = {
  op: conv2d,
  cases: [
    ...fromTensorFlow(
      'conv2d',
      ({ strides, rates, padding }) => ({
        strides: strides as number[],
        dilations: rates as number[],
        padding: padding as string,
        pads: [0, 0, 0, 0],
      }),
      { variables: [1] },
    ),
    ...each(
      [
        [[1, 1, 1, 1], [1, 1, 1, 1], unit],
        [[1, 7, 7, 64], [1, 1, 64, 64], unit],
        [[3, 9, 9, 17], [1, 1, 17, 3], { ...unit, strides: [2, 2] }],
        [[3, 5, 4, 64], [3, 3, 64, 17], same3],
        [[1, 33, 35, 3], [7, 7, 3, 64], { strides: [2, 2], pads: [3, 3, 3, 3] }],
        [[1, 8, 9, 3], [3, 2, 3, 5], { strides: [2, 1], pads: [0, 1, 1, 0] }],
        [[2, 6, 6, 3], [2, 2, 3, 4], { strides: [3, 4], pads: [0, 0, 0, 0] }],
        [[1, 9, 9, 17], [3, 3, 17, 64], { strides: [1, 1], dilations: [2, 2], pads: [2, 2, 2, 2] }],
        [[1, 9, 10, 3], [3, 3, 3, 3], { strides: [2, 2], dilations: [4, 1], pads: [4, 5, 0, 1] }],
        [[1, 3, 3, 8], [3, 3, 8, 8], { strides: [1, 1], dilations: [4, 4], pads: [4, 4, 4, 4] }],
        [[1, 2, 2, 1], [3, 3, 1, 2], { strides: [1, 1], pads: [5, 0, 0, 5] }],
        [[0, 5, 5, 3], [3, 3, 3, 4], same3],
        [[2, 0, 3, 3], [2, 2, 3, 4], same3],
      ] as const,
      ([x, filter, window]) => plain(x, filter, window),
    ),
    plain([2, 5, 5, 3], [3, 3, 3, 17], same3, 'input'),
    plain([1, 4, 4, 64], [1, 1, 64, 64], unit, 'input'),
    {
      ...plain([1, 5, 5, 2], [3, 3, 2, 3], same3),
      name: 'NaN and infinity reach the pixels around them alone',
      inputs: operands([1, 5, 5, 2], [3, 3, 2, 3]).map((spec, i) =>
        i === 0
          ? {
              ...spec,
              special: [
                [0, Number.NaN],
                [49, Number.POSITIVE_INFINITY],
              ] as const,
            }
          : spec,
      ),
    },
    ...fusedWithNaN,
    ...tilesOfNaN,
    {
      ...plain([1, 5, 5, 3], [3, 3, 3, 4], same3),
      name: 'float64',
      inputs: operands([1, 5, 5, 3], [3, 3, 3, 4]).map((spec) => ({ ...spec, dtype: 'float64' as const })),
      tolerance: { relative: 1e-14 },
    },
    ...traps,
    ...manyTiles,
    ...padded,
    ...fused,
    unitCase,
  ],
};
