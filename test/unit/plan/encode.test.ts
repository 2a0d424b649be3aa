import { Graph, type Tensor } from '../../../lib/core/graph.js';
import { PlanError, ShapeError } from '../../../lib/errors.js';
import * as ops from '../../../lib/ops/index.js';
import { encode, type PlanRequest, placeholdersOf } from '../../../lib/plan/encode.js';
import type { PlanPrecision } from '../../../lib/plan/precision.js';
import * as slim from '../../../lib/slim/index.js';

const plan = (
  graph: Graph,
  fetches: Readonly<Record<string, Tensor>>,
  more: Omit<PlanRequest, 'graph' | 'fetches'> = {},
) => encode({ graph, fetches: new Map(Object.entries(fetches)), ...more });

test('one node a line, SAME padding resolved, shapes known', () => {
  const graph = new Graph();
  const y = graph.build(() =>
    slim.conv2d(slim.placeholder('float32', [null, null, null, 3], { name: 'x' }), 4, 3, { stride: 2 }),
  );
  const { text, inputs, outputs, variables } = plan(graph, { y }, { shapes: new Map([['x', [1, 6, 7, 3]]]) });
  expect(text.split('\n')).toEqual([
    'slimnet.plan 1',
    '%0 = input() {name="x"} @"x" : float32[1,6,7,3]',
    '%1 = variable() {name="Conv/weights"} @"Conv/weights/read" : float32[3,3,3,4]',
    '%2 = conv2d(%0, %1) {strides=[2,2], dilations=[1,1], pads=[0,1,1,1]} @"Conv/Conv2D" : float32[1,3,4,4]',
    '%3 = variable() {name="Conv/biases"} @"Conv/biases/read" : float32[4]',
    '%4 = bias_add(%2, %3) {} @"Conv/BiasAdd" : float32[1,3,4,4]',
    '%5 = relu(%4) {} @"Conv/Relu" : float32[1,3,4,4]',
    'output "y" %5',
    '',
  ]);
  expect(inputs).toEqual([{ name: 'x', type: { dtype: 'float32', shape: [1, 6, 7, 3] } }]);
  expect(outputs).toEqual([{ name: 'y', type: { dtype: 'float32', shape: [1, 3, 4, 4] } }]);
  expect(variables.map((v) => v.name)).toEqual(['Conv/weights', 'Conv/biases']);
});

test('only what is needed is written, and equal graphs give equal text', () => {
  const make = () => {
    const graph = new Graph();
    const y = graph.build(() => {
      const x = slim.placeholder('float32', [2], { name: 'x' });
      slim.placeholder('float32', [null], { name: 'unused' });
      slim.add(x, x, 'unneeded');
      return slim.relu(x);
    });
    return plan(graph, { y });
  };
  expect(make().text).not.toMatch(/unneeded|unused/);
  expect(make().text).toBe(make().text);
});

test('updates are listed, asked for or forced, each once', () => {
  const graph = new Graph();
  const y = graph.build(() =>
    slim.batchNorm(slim.placeholder('float32', [2, 2, 2, 3], { name: 'x' }), { updatesCollections: null }),
  );
  const forced = graph.forcedUpdates(y.node);
  expect(forced).toHaveLength(2);
  const lines = (text: string) => text.split('\n').filter((line) => line.startsWith('update '));
  const free = plan(graph, { y }).text;
  expect(lines(free)).toHaveLength(2);
  expect(lines(plan(graph, { y }, { updates: forced }).text)).toEqual(lines(free));
  expect(plan(graph, {}, { updates: [forced[0] as Tensor] }).text.match(/assign_moving_average/g)).toHaveLength(2);
});

test('an update alone is a plan, nothing is none', () => {
  const graph = new Graph();
  graph.build(() => slim.batchNorm(slim.placeholder('float32', [2, 2, 2, 3], { name: 'x' })));
  const [mean] = graph.getCollection<Tensor>('update_ops');
  expect(plan(graph, {}, { updates: [mean as Tensor] }).outputs).toEqual([]);
  expect(() => plan(graph, {})).toThrow(PlanError);
});

test('numbers keep their value, names their characters', () => {
  const graph = new Graph();
  const y = graph.build(() =>
    slim.constant([0.1, -0, Infinity, -Infinity, Number.NaN, 1e-300, 16777217], { name: 'q"\\\n\u00e9' }),
  );
  expect(plan(graph, { 'out"put': y }).text.split('\n').slice(1, 3)).toEqual([
    '%0 = constant() {values=[0.1,-0,inf,-inf,nan,1e-300,16777217]} @"q\\"\\\\\\u000a\u00e9" : float32[7]',
    'output "out\\"put" %0',
  ]);
});

test('shapes that are missing or do not fit are refused', () => {
  const graph = new Graph();
  const x = graph.build(() => slim.placeholder('float32', [null, 3], { name: 'x' }));
  expect(() => plan(graph, { x })).toThrow(/the shape of float32\[\?,3\] must be given/);
  expect(() => plan(graph, { x }, { shapes: new Map([['x', [2, 4]]]) })).toThrow(ShapeError);
});

test('foreign tensors, internal ops and endless names are refused', () => {
  const graph = new Graph();
  const x = graph.build(() => slim.placeholder('float32', [3], { name: 'x' }));
  expect(() => plan(new Graph(), { x })).toThrow(/belongs to another graph/);
  const internal = graph.add(ops.reorder, [x], {}).outputs[0] as Tensor;
  expect(() => plan(graph, { internal })).toThrow(/made by the compiler alone/);
  expect(() => plan(graph, { ['n'.repeat(5000)]: x })).toThrow(/longer than 4096 bytes/);
});

test('the placeholders of a computation', () => {
  const graph = new Graph();
  const { a, sum } = graph.build(() => {
    const [first, second] = [
      slim.placeholder('float32', [1], { name: 'a' }),
      slim.placeholder('float32', [1], { name: 'b' }),
    ];
    return { a: first, sum: slim.add(second, first) };
  });
  expect(placeholdersOf(graph, [sum]).map((t) => t.name)).toEqual(['a', 'b']);
  expect(placeholdersOf(graph, [a])).toEqual([a]);
});

test('a plan says where to split a batch only where it was told', () => {
  const graph = new Graph();
  const x = graph.build(() => slim.placeholder('float32', [4, 3], { name: 'x' }));
  const last = (request: Pick<PlanRequest, 'split'>) => plan(graph, { x }, request).text.trimEnd().split('\n').at(-1);
  expect(last({})).toBe('output "x" %0');
  expect(last({ split: 'never' })).toBe('split never');
  expect(last({ split: { steps: 12, images: 2 } })).toBe('split 12 2');
});

describe('what a plan says about precision', () => {
  const linesOf = (precision: PlanPrecision): string[] => {
    const graph = new Graph();
    const y = graph.build(() => slim.placeholder('float32', [2], { name: 'x' }));
    const { text } = encode({ graph, fetches: new Map([['y', y]]), precision });
    return text.split('\n').slice(3, -1);
  };

  test('is nothing for float32, whatever else is given', () => {
    expect(linesOf({ precision: 'float32', ranges: { x: [0, 1] }, keepFloat32: ['x'] })).toEqual([]);
    expect(linesOf({ precision: 'float32', observe: true })).toEqual(['observe']);
  });

  test('is canonical: sorted, each name once', () => {
    expect(
      linesOf({ precision: 'int8', ranges: { 'b"': [-0, 1.5], a: [-1e-7, 2] }, keepFloat32: ['n/z', 'n', 'n/z'] }),
    ).toEqual(['precision int8', 'range "a" -1e-7 2', 'range "b\\"" 0 1.5', 'keep_float32 "n"', 'keep_float32 "n/z"']);
    expect(linesOf({ precision: 'bfloat16', ranges: { a: [0, 1] } })).toEqual(['precision bfloat16']);
  });

  test.each([[[1, 0]], [[Number.NaN, 0]], [[0, Number.POSITIVE_INFINITY]]] as const)(
    'refuses the range %p',
    (range) => {
      expect(() => linesOf({ precision: 'int8', ranges: { a: range } })).toThrow(PlanError);
    },
  );
});
