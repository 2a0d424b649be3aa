import { Graph, type Tensor } from '../../../lib/core/graph.js';
import { ArgumentError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';

const weights = () => slim.constant([1, 2, 3, 4], { shape: [2, 2], name: 'w' });

test('ops stand under the name of the regularizer', () => {
  const graph = new Graph();
  graph.build(() => {
    expect(slim.l2Regularizer(0.01)(weights())?.name).toBe('l2_regularizer');
    expect(slim.l1Regularizer(0.01, 'mine')(weights())?.name).toBe('mine');
  });
  expect(graph.nodes.map((n) => n.name)).toEqual([
    'w',
    'l2_regularizer/scale',
    'l2_regularizer/L2Loss',
    'l2_regularizer',
    'w_1',
    'mine/scale',
    'mine/Abs',
    'mine/Sum',
    'mine',
  ]);
});

test('a scale of 0 means no loss at all', () => {
  new Graph().build(() => {
    expect(slim.l2Regularizer(0)(weights())).toBeNull();
    expect(slim.l1L2Regularizer(0, 0)(weights())).toBeNull();
    slim.getVariable('v', { shape: [2], regularizer: slim.l2Regularizer(0) });
    expect(slim.getVariables()[0]?.tensor.graph.getCollection('regularization_losses')).toEqual([]);
  });
});

test.each([-1, Number.NaN, Infinity, '1', null])('the scale %p is refused', (scale) => {
  expect(() => slim.l2Regularizer(scale as never)).toThrow(ArgumentError);
  expect(() => slim.l1Regularizer(scale as never)).toThrow(ArgumentError);
});

test('sums leave nulls out', () => {
  new Graph().build(() => {
    expect(slim.sumRegularizer([])).toBeNull();
    expect(slim.sumRegularizer([null])).toBeNull();
    expect(slim.sumRegularizer([null, slim.l2Regularizer(0)])?.(weights())).toBeNull();
    expect(slim.sumRegularizer([null, slim.l2Regularizer(0.5)])?.(weights())?.name).toBe('sum_regularizer_1');
    expect(slim.l1L2Regularizer()(weights())?.node.op.name).toBe('add');
  });
});

test('applyRegularization collects the sum of all', () => {
  const graph = new Graph();
  const sum = graph.build((): Tensor => slim.applyRegularization(slim.l2Regularizer(0.1), [weights(), weights()]));
  expect(graph.getCollection('regularization_losses')).toEqual([sum]);
  expect(sum.shape).toEqual([]);
  expect(() => graph.build(() => slim.applyRegularization(slim.l2Regularizer(0.1), []))).toThrow(
    /No weights to regularize/,
  );
});
