import {
  balancedOrder,
  checkPosition,
  type SampleOrder,
  sequentialOrder,
  shuffledOrder,
} from '../../../../lib/data/batches/sample_order.js';

const epochOf = (order: SampleOrder, epoch: number) =>
  Array.from({ length: order.length }, (_, place) => order.at(epoch, place));
const counts = (values: readonly number[], size: number) =>
  Array.from({ length: size }, (_, i) => values.filter((value) => value === i).length);

test('a sequential order is that of the numbers', () => {
  expect(epochOf(sequentialOrder(4), 3)).toEqual([0, 1, 2, 3]);
});

describe('a shuffled order', () => {
  test('has every sample once an epoch, in another order each epoch and for each seed', () => {
    const order = shuffledOrder(50, 1);
    const [first, second] = [epochOf(order, 0), epochOf(order, 1)];
    for (const epoch of [first, second])
      expect([...epoch].sort((a, b) => a - b)).toEqual(epochOf(sequentialOrder(50), 0));
    expect(second).not.toEqual(first);
    expect(epochOf(shuffledOrder(50, 2), 0)).not.toEqual(first);
    expect(epochOf(shuffledOrder(50, -1), 0)).not.toEqual(first);
  });

  test('is a function of seed and epoch: whatever was asked before', () => {
    const order = shuffledOrder(20, 7);
    const [late, early] = [epochOf(order, 9), epochOf(order, 2)];
    expect(epochOf(shuffledOrder(20, 7), 2)).toEqual(early);
    expect(epochOf(order, 9)).toEqual(late);
  });

  test('stays as it is from version to version: a training that is resumed depends on it', () => {
    expect(epochOf(shuffledOrder(10, 1), 0)).toMatchInlineSnapshot(`
[
  0,
  8,
  4,
  3,
  1,
  5,
  9,
  6,
  7,
  2,
]
`);
    expect(epochOf(shuffledOrder(10, 1), 1)).toMatchInlineSnapshot(`
[
  4,
  9,
  0,
  8,
  5,
  6,
  3,
  2,
  1,
  7,
]
`);
  });

  test('is any of all orders, equally often', () => {
    const order = shuffledOrder(4, 3);
    const found = new Map<string, number>();
    const draws = 24 * 500;
    for (let epoch = 0; epoch < draws; epoch++) {
      const key = epochOf(order, epoch).join('');
      found.set(key, (found.get(key) ?? 0) + 1);
    }
    // Chi-squared with 23 degrees of freedom: 49.7 is exceeded once in a thousand.
    const chi = [...found.values()].reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
    expect(found.size).toBe(24);
    expect(chi).toBeLessThan(49.7);
  });
});

describe('a balanced order', () => {
  // 60 of class 0, 9 of class 2, 3 of class 5.
  const labels = Int32Array.from({ length: 72 }, (_, i) => (i < 60 ? 0 : i < 69 ? 2 : 5));
  const order = balancedOrder(labels, 4);

  test('has each class equally often in an epoch of as many samples as there are', () => {
    for (const epoch of [0, 1, 5]) {
      const taken = epochOf(order, epoch).map((i) => labels[i] as number);
      expect(counts(taken, 6)).toEqual([24, 0, 24, 0, 0, 24]);
    }
  });

  test('takes the samples of a class in turn, over all epochs', () => {
    const taken = [0, 1, 2, 3, 4].flatMap((epoch) => epochOf(order, epoch));
    const often = counts(taken, 72);
    expect(new Set(often.slice(0, 60))).toEqual(new Set([2]));
    expect(new Set(often.slice(60, 69))).toEqual(new Set([13, 14]));
    expect(new Set(often.slice(69))).toEqual(new Set([40]));
  });

  test('is a function of seed and epoch', () => {
    expect(epochOf(balancedOrder(labels, 4), 3)).toEqual(epochOf(order, 3));
    expect(epochOf(balancedOrder(labels, 5), 3)).not.toEqual(epochOf(order, 3));
    expect(epochOf(order, 3)).not.toEqual(epochOf(order, 2));
  });

  test('of a number of samples that the classes do not divide gives some classes one more', () => {
    const taken = epochOf(balancedOrder(Int32Array.of(0, 0, 1, 1, 2), 1), 0).map((i) => [0, 0, 1, 1, 2][i] as number);
    expect(counts(taken, 3)).toEqual([2, 2, 1]);
  });
});

test.each([[null], [{ epoch: -1, taken: 0 }], [{ epoch: 0 }], [{ epoch: 0, taken: 0.5 }]])(
  '%p is no position',
  (position) => {
    expect(() => checkPosition('train', position)).toThrow(/train: start/);
  },
);
