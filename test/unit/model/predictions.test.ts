import { topIndices, topPredictions } from '../../../lib/model/predictions.js';

const names = ['tench', 'goldfish, Carassius auratus', 'great white shark'];

describe('topIndices', () => {
  test.each([
    [[3, 1, 2], 2, [0, 2]],
    [[1, 2, 3, 4], 4, [3, 2, 1, 0]],
    [[5, 5, 5], 2, [0, 1]],
    [[1, 7, 7, 9], 3, [3, 1, 2]],
    [[Number.NaN, 1, Number.NaN, 2], 3, [3, 1, 0]],
    [[-1, -2], 1, [0]],
  ])('of %j the first %i', (values, count, expected) => {
    expect(topIndices(values, count)).toEqual(expected);
  });

  test('agrees with sorting everything', () => {
    const values = Float32Array.from({ length: 500 }, (_, i) => Math.round(100 * Math.sin(i * i)));
    const sorted = Array.from(values.keys()).sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
    for (const count of [1, 5, 100, 500]) expect(topIndices(values, count)).toEqual(sorted.slice(0, count));
  });

  test('predictions carry labels, or the number of the class where there are none', () => {
    const row = Float32Array.of(0.25, 0.5, 0.125);
    expect(topPredictions(row, names, 2)).toEqual([
      { index: 1, label: names[1], probability: 0.5 },
      { index: 0, label: names[0], probability: 0.25 },
    ]);
    expect(topPredictions(row, null, 1)).toEqual([{ index: 1, label: 'class 1', probability: 0.5 }]);
  });
});
