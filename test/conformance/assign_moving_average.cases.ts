import type { Tensor } from '../../lib/core/graph.js';
import { assignMovingAverage, batchNormTraining, mul } from '../../lib/ops/index.js';
import { call, each, fromTensorFlow, node, type OpCases } from './cases.js';
import * as naive from './naive.js';

type Numbers = readonly number[];

const moved = (decay: number, variable: Numbers, value: Numbers) =>
  variable.map((v, i) => v - (v - (value[i] as number)) * (1 - decay));

export const assignMovingAverageCases: OpCases = {
  op: assignMovingAverage,
  cases: [
    ...fromTensorFlow('assign_moving_average', ({ decay }) => ({ decay: decay as number }), { variables: [0] }).map(
      (c) => ({
        ...c,
        expectedVariables: () => ({ 0: (c.expected as readonly Numbers[])[0] as Numbers }),
      }),
    ),
    ...each([[], [1], [64], [3, 5], [0]], (shape) => ({
      name: `[${shape}] decay 0.9`,
      inputs: [
        { shape, k: 1, as: 'variable' as const },
        { shape, k: 2, scale: 4 },
      ],
      attrs: { decay: 0.9 },
      expected: (v: Numbers = [], x: Numbers = []) => [moved(0.9, v, x)],
      expectedVariables: (v: Numbers = [], x: Numbers = []) => ({ 0: moved(0.9, v, x) }),
    })),
    {
      name: 'other readers see the old value, whatever the order',
      inputs: [
        { shape: [5], k: 1, as: 'variable' },
        { shape: [5], k: 2 },
      ],
      build: ([variable, value]) => {
        const updated = call(assignMovingAverage, [variable as Tensor, value as Tensor], { decay: 0.5 });
        return [
          call(mul, [variable as Tensor, variable as Tensor]),
          updated,
          call(mul, [variable as Tensor, value as Tensor]),
        ];
      },
      expected: (v = [], x = []) => [v.map((a) => a * a), moved(0.5, v, x), v.map((a, i) => a * (x[i] as number))],
      expectedVariables: (v = [], x = []) => ({ 0: moved(0.5, v, x) }),
    },
    {
      name: 'behind batch norm, as in training',
      inputs: [
        { shape: [2, 3, 3, 2], k: 30, offset: 1 },
        { shape: [2], k: 1 },
        { shape: [2], k: 2 },
        { shape: [2], values: [0, 0], as: 'variable' },
      ],
      build: ([x, scale, offset, moving]) => {
        const [y, mean] = node(batchNormTraining, [x as Tensor, scale as Tensor, offset as Tensor], {
          epsilon: 0.001,
          bessel: true,
        });
        return [y as Tensor, call(assignMovingAverage, [moving as Tensor, mean as Tensor], { decay: 0.9 })];
      },
      expectedVariables: (x = []) => ({ 3: naive.reduce([2, 3, 3, 2], [0, 1, 2], naive.mean, x).map((m) => 0.1 * m) }),
    },
  ],
};
