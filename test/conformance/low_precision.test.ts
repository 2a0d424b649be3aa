/**
 * Cases of ops that are computed in low precision: by cuDNN's plans from the same numbers as by the reference backend.
 *
 * Around each case stand products with the identity: before it, so that it reads low precision, and behind it, so that it writes it.
 * Ranges are the same on both sides of zero, as cuDNN multiplies signed integers, and the reference's would be unsigned otherwise.
 */
import '../helpers/discrete_device.js';
import type { TypedArray } from '../../lib/core/dtype.js';
import { Graph, type Tensor } from '../../lib/core/graph.js';
import { biasAdd, conv2d, matmul, relu, relu6 } from '../../lib/ops/index.js';
import { addon, availableBackends, type Computation, input, observe, planOf, run, variable } from '../helpers/run.js';
import { allCases } from './all_cases.js';
import { type Case, call, node, type OpCases, valuesOf } from './cases.js';

const backend = 'cudnn-software';
const present = availableBackends().some(({ name }) => name === backend);
for (const { name, reason } of addon().backends(backend)) {
  if (reason !== '') console.log(`${name} is not run: ${reason}`);
}

const groups: readonly OpCases[] = [
  allCases.conv2d,
  allCases.matmul,
  allCases.add,
  allCases.biasAdd,
  allCases.batchNorm,
  allCases.relu,
  allCases.relu6,
  allCases.maxPool2d,
  allCases.avgPool2d,
  allCases.pad,
  allCases.reduceMean,
];

/** A case with the products around it. */
function computationOf({ op }: OpCases, test: Case): Computation {
  const graph = new Graph();
  const feeds: Record<string, TypedArray> = {};
  const variables: Record<string, TypedArray> = {};
  const copied = (x: Tensor, name: string): Tensor => {
    const size = x.shape.at(-1) as number;
    variables[name] = Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
    return call(matmul, [x, variable(graph, name, 'float32', [size, size])]);
  };
  const results = graph.build(() => {
    const inputs = test.inputs.map((spec, i): Tensor => {
      const name = `x${i}`;
      // Filters of products are constants, or nothing is in low precision.
      if (spec.as === 'variable' || (op.name === 'conv2d' && i === 1)) {
        variables[name] = valuesOf(spec);
        return variable(graph, name, 'float32', spec.shape);
      }
      feeds[name] = valuesOf(spec);
      const x = input(graph, name, 'float32', spec.shape);
      return spec.shape.length < 2 ? x : copied(x, `before${i}`);
    });
    const made = test.build === undefined ? node(op, inputs, test.attrs ?? {}) : test.build(inputs, test.attrs ?? {});
    return made.map((y, i) => (y.shape.length < 2 ? y : copied(y, `behind${i}`)));
  });
  return { graph, fetches: Object.fromEntries(results.map((y, i) => [`y${i}`, y])), feeds, variables };
}

/** Small ones of finite float32 numbers, as integers hold no others, that are not of a vector alone. */
function isForIntegers({ inputs, refused, fails }: Case): boolean {
  if (refused !== undefined || fails !== undefined || (inputs[0]?.shape.length ?? 0) < 2) return false;
  return inputs.every((spec) => {
    const values = Array.from(valuesOf(spec) as ArrayLike<number>);
    const few = values.length > 0 && values.length <= 4096 && (spec.shape.at(-1) ?? 0) <= 128;
    return (spec.dtype ?? 'float32') === 'float32' && few && values.every(Number.isFinite);
  });
}

/** Of ops that are no products, a few say all: each case is two plans of cuDNN's. */
const most = 8;
const chosen = groups.flatMap((group) =>
  group.cases
    .filter(isForIntegers)
    .slice(0, group.op.name === 'conv2d' ? undefined : most)
    .map((item) => [`${group.op.name}: ${item.name}`, group, item] as const),
);

/** How many values the backend stores in low precision. */
function stored(computation: Computation): number {
  const plan = addon().transform(planOf(computation).text, { backend });
  return plan.split('\n').filter((line) => / as (bfloat16|int8)/.test(line)).length;
}

/** The largest magnitude, in parts of which numbers are rounded. */
function largest(values: Float32Array): number {
  return values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-6);
}

test('there are cases of every op', () => {
  expect(new Set(chosen.map(([, group]) => group.op.name)).size).toBe(groups.length);
});

describe.each(
  present
    ? ([
        // Of bfloat16, cuDNN reads a rounded bias, which takes more values to the other side of a tie.
        ['bfloat16', 256, 0.3],
        ['int8', 127, 0.05],
      ] as const)
    : [],
)('in %s', (precision, levels, share) => {
  test.each(chosen)('%s', async (_, group, item) => {
    const computation = computationOf(group, item);
    const observed = Object.entries(await observe(computation, 'reference'));
    const ranges = Object.fromEntries(
      observed.map(([name, [low, high]]): [string, [number, number]] => {
        const end = Math.max(-low, high);
        return [name, [-end, end]];
      }),
    );
    const narrowed: Computation = { ...computation, precision: { precision, ranges }, split: 'never' };
    expect(stored(narrowed)).toBeGreaterThan(1);
    const [expected, actual] = [await run(narrowed, 'reference'), await run(narrowed, backend)];
    for (const [name, values] of Object.entries(expected) as [string, Float32Array][]) {
      const found = actual[name] as Float32Array;
      const step = largest(values) / levels;
      const off = values.map((value, i) => Math.abs(value - (found[i] as number)) / step);
      // What lies between two steps may be rounded to either, as sums are made in another order; that is rare.
      expect(Math.max(...off)).toBeLessThan(2.1);
      expect(off.filter((steps) => steps > 0.1).length).toBeLessThanOrEqual(Math.max(1, share * off.length));
    }
  });
});

test.each([
  ['relu', relu, true],
  ['relu6', relu6, false],
] as const)('whether a bias before %s is rounded for the plans of cuDNN', (_, activation, rounded) => {
  if (!present) return;
  const graph = new Graph();
  const y = graph.build(() => {
    const [x, filter] = [input(graph, 'x', 'float32', [1, 4, 4, 16]), variable(graph, 'w', 'float32', [3, 3, 16, 17])];
    const sums = call(conv2d, [x, filter], {
      strides: [1, 1],
      dilations: [1, 1],
      padding: 'VALID',
      pads: [0, 0, 0, 0],
    });
    const activated = call(activation, [call(biasAdd, [sums, variable(graph, 'bias', 'float32', [17])])]);
    return call(matmul, [activated, variable(graph, 'matrix', 'float32', [17, 3])]);
  });
  const { text } = planOf({ graph, fetches: { y }, precision: { precision: 'bfloat16', ranges: {} } });
  expect(addon().transform(text, { backend }).includes('cudnn:bfloat16:17')).toBe(rounded);
});
