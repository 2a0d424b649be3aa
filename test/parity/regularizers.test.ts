/** What TF-Slim's regularizers_test.py asserts. */
import type { Tensor } from '../../lib/core/graph.js';
import { ArgumentError, ShapeError } from '../../lib/errors.js';
import * as slim from '../../lib/slim/index.js';
import { devices, evaluate } from './numbers.js';
import { build, inGraph } from './support.js';

const cube = () => slim.constant(1, { shape: [5, 5, 5] });
const elements = 5 * 5 * 5;

test('test_l1, test_l2: a negative scale is refused, and 0 is no loss at all', () => {
  for (const make of [slim.l1Regularizer, slim.l2Regularizer]) {
    expect(() => make(-1)).toThrow(ArgumentError);
    inGraph(() => expect(make(0)(cube())).toBeNull());
  }
});

test('test_l1_l2: a negative scale is refused on either side', () => {
  expect(() => slim.l1L2Regularizer(-1, 0.5)).toThrow(ArgumentError);
  expect(() => slim.l1L2Regularizer(0.5, -1)).toThrow(ArgumentError);
});

test('test_l1_l2_scales_Zero, test_sum_regularizer: nothing to add is null', () => {
  inGraph(() => {
    expect(slim.l1L2Regularizer(0, 0)(cube())).toBeNull();
    expect(slim.sumRegularizer([])).toBeNull();
    expect(slim.sumRegularizer([null])).toBeNull();
    expect(slim.sumRegularizer([slim.l1Regularizer(0)])?.(cube())).toBeNull();
  });
});

test('testL1L2RegularizerWithScope', () => {
  inGraph(() => {
    const loss = slim.nameScope('foo', () => slim.l1L2Regularizer(1, 1, 'l1_l2')(cube()));
    expect(loss?.name).toBe('foo/l1_l2');
  });
});

test('test_apply_regularization_invalid_regularizer', () => {
  inGraph(() => {
    expect(() => slim.applyRegularization((w) => w, [slim.constant([1, 2])])).toThrow(ShapeError);
    expect(() => slim.applyRegularization((w) => w, [slim.constant([1, 2])])).toThrow(/scalar tensor.*rank 1/);
    expect(() => slim.applyRegularization(slim.l2Regularizer(1), [])).toThrow(/No weights to regularize/);
  });
});

describe.each(devices)('values on %s', (device) => {
  async function value(body: () => Tensor | null | undefined): Promise<{ name: string; loss: number }> {
    const { graph, value: loss } = build(body);
    if (loss === null || loss === undefined) throw new Error('There is no loss.');
    const { y } = await evaluate(graph, device, { y: loss });
    return { name: loss.name, loss: y?.data[0] as number };
  }
  const values = () => slim.constant([1, -1, 4, 2]);
  const three = () => slim.constant([-3]);

  test('test_l1, test_l2', async () => {
    expect((await value(() => slim.l1Regularizer(0.5)(values()))).loss).toBeCloseTo(4, 6);
    expect((await value(() => slim.l2Regularizer(0.42)(values()))).loss).toBeCloseTo((22 / 2) * 0.42, 5);
  });

  test.each([
    ['test_l1_l2', 1, 1, elements + elements / 2],
    ['test_l1_l2_scale_l1Zero', 0, 1, elements / 2],
    ['test_l1_l2_scale_l2Zero', 1, 0, elements],
  ])('%s', async (_, l1, l2, expected) => {
    const { name, loss } = await value(() => slim.l1L2Regularizer(l1, l2)(cube()));
    expect(name).toBe('l1_l2_regularizer');
    expect(loss).toBeCloseTo(expected, 4);
  });

  test('test_sum_regularizer', async () => {
    const [l1, l2] = [slim.l1Regularizer(0.1), slim.l2Regularizer(0.2)];
    for (const list of [[l1], [l1, null], [l1, slim.l2Regularizer(0)]])
      expect((await value(() => slim.sumRegularizer(list)?.(three()))).loss).toBeCloseTo(0.3, 6);
    expect((await value(() => slim.sumRegularizer([l1, l2])?.(three()))).loss).toBeCloseTo(0.3 + 0.9, 6);
  });

  test('test_apply_regularization, test_apply_zero_regularization', async () => {
    const lists = [[1.5], [2, 3, 4.2], [10, 42, 666.6]];
    const apply = (regularizer: slim.Regularizer) => () =>
      slim.applyRegularization(
        regularizer,
        lists.map((list) => slim.constant(list)),
      );
    const twice = await value(apply((w) => slim.reduceSum(slim.multiply(w, slim.constant(2)))));
    expect(twice.name).toBe('get_regularization_penalty');
    expect(twice.loss).toBeCloseTo(2 * lists.flat().reduce((a, b) => a + b, 0), 3);
    expect((await value(apply(slim.l2Regularizer(0)))).loss).toBe(0);
  });
});
