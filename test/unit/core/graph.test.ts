import { apply, currentGraphOrNull, Graph, type Tensor } from '../../../lib/core/graph.js';
import { ArgumentError, ScopeError, ShapeError } from '../../../lib/errors.js';
import * as ops from '../../../lib/ops/index.js';

const input = (graph: Graph, name: string, shape: readonly (number | null)[] = [2]): Tensor =>
  graph.add(ops.input, [], { name }, { name, types: [{ dtype: 'float32', shape }] }).outputs[0] as Tensor;

test('names are made unique within their scope, without regard to case', () => {
  const graph = new Graph();
  const names = ['x', 'x', 'X', 'x_1', 'y'].map((name) => input(graph, name).name);
  expect(names).toEqual(['x', 'x_1', 'X_2', 'x_1_1', 'y']);
  graph.withNameScope('s', (full) => {
    expect(full).toBe('s/');
    expect(input(graph, 'x').name).toBe('s/x');
    graph.withNameScope('t', () => expect(graph.nameScope).toBe('s/t/'));
  });
  graph.withNameScope('s', () => expect(graph.nameScope).toBe('s_1/'));
  graph.withNameScope('s/', () => expect(input(graph, 'x').name).toBe('s/x_1'));
  expect(graph.nameScope).toBe('');
});

test('a node may take the name of the scope that is open', () => {
  const graph = new Graph();
  const node = graph.withNameScope('loss', (full) =>
    graph.add(ops.input, [], { name: 'i' }, { name: full, types: [{ dtype: 'float32', shape: [] }] }),
  );
  expect(node.name).toBe('loss');
  expect(input(graph, 'loss').name).toBe('loss_1');
});

test('a body that throws leaves neither graph nor name scope open', () => {
  const graph = new Graph();
  const stop = () => {
    throw new RangeError('stop');
  };
  expect(() => graph.build(() => graph.withNameScope('s', stop))).toThrow(RangeError);
  expect(graph.nameScope).toBe('');
  expect(currentGraphOrNull()).toBeNull();
});

test('a body that returns a promise is refused', () => {
  expect(() => new Graph().build(async () => 1)).toThrow(ScopeError);
  expect(() => new Graph().withNameScope('s', () => Promise.resolve())).toThrow(/returned a promise/);
});

test('graphs nest, and end', () => {
  const [outer, inner] = [new Graph(), new Graph()];
  outer.build(() => {
    inner.build(() => expect(currentGraphOrNull()).toBe(inner));
    expect(currentGraphOrNull()).toBe(outer);
  });
  expect(currentGraphOrNull()).toBeNull();
});

test('inputs of another graph, and things that are no tensors, are refused', () => {
  const [one, two] = [new Graph(), new Graph()];
  const [x, y] = [input(one, 'x'), input(two, 'y')];
  expect(() => one.build(() => apply(ops.add, { x, y }, {}))).toThrow(ScopeError);
  expect(() => one.build(() => apply(ops.add, { x, y: 3 as never }, {}))).toThrow(ArgumentError);
  expect(() => one.forceUpdates(x, [y])).toThrow(ScopeError);
});

test('attributes are checked by name and kind', () => {
  const graph = new Graph();
  const x = input(graph, 'x');
  expect(() => graph.add(ops.reshape, [x], { shape: [2], color: 1 })).toThrow(/has no attribute color/);
  expect(() => graph.add(ops.reshape, [x], {})).toThrow(/attribute shape: expected ints/);
  expect(() => graph.add(ops.reshape, [x], { shape: [0.5] })).toThrow(ArgumentError);
  expect(() => graph.add(ops.argmax, [x], { axis: Number.NaN })).toThrow(ArgumentError);
});

test('an error of shapes says where, and what came in', () => {
  const graph = new Graph();
  const [x, y] = [input(graph, 'x', [2, 3]), input(graph, 'y', [4])];
  const attempt = () => graph.withNameScope('layer', () => apply(ops.add, { x, y }, {}, 'sum'));
  expect(attempt).toThrow(ShapeError);
  expect(attempt).toThrow(/layer_1\/sum.*\[2,3\] and \[4\] cannot be combined.*float32\[2,3\], float32\[4\]/);
});

test('variables are unique and point back at their reading node', () => {
  const graph = new Graph();
  const add = () =>
    graph.addVariable(
      { name: 'v', dtype: 'float32', shape: [2], trainable: true, initialValue: () => new Float32Array(2) },
      (variable) => graph.add(ops.variable, [], { name: 'v' }, { types: [variable], variable }).outputs[0] as Tensor,
    );
  const v = add();
  expect(v.tensor.node.variable).toBe(v);
  expect(graph.variable('v')).toBe(v);
  expect(add).toThrow(/already exists/);
  expect(() => graph.variable('w')).toThrow(/no variable w in this graph of 1/);
});

test('collections are copies in the order of insertion', () => {
  const graph = new Graph();
  graph.addToCollection('c', 1);
  graph.addToCollection('c', 2);
  graph.getCollection<number>('c').push(3);
  expect(graph.getCollection('c')).toEqual([1, 2]);
  expect(graph.collectionNames).toEqual(['c']);
  graph.clearCollection('c');
  expect(graph.getCollection('c')).toEqual([]);
});

test('options of a graph are checked', () => {
  expect(new Graph({ seed: -5 }).seed).toBe(-5);
  expect(() => new Graph({ seed: 0.5 })).toThrow(ArgumentError);
  expect(() => new Graph({ sead: 1 } as never)).toThrow(/no option sead/);
});
