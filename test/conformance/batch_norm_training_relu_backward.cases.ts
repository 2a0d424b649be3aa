import type { Tensor } from '../../lib/core/graph.js';
import {
  add,
  batchNormTraining,
  batchNormTrainingBackward,
  batchNormTrainingReluBackward,
  relu,
  relu6,
  reluBackward,
} from '../../lib/ops/index.js';
import { type Case, call, each, node, type OpCases } from './cases.js';
import * as naive from './naive.js';

const epsilon = 1e-3;
const bessel = true;

/** The way back from a rectified batch norm of x: only the compiler makes the op, out of these. Then a sum, which it absorbs. */
function wayBack(name: string, shape: readonly number[], limit: number, added: boolean): Case {
  const channels = shape[shape.length - 1] as number;
  const vector = { shape: [channels] };
  return {
    name: `[${shape}] ${name}${added ? ', added to another gradient' : ''}`,
    inputs: [
      { shape, k: 40, scale: 3, offset: 0.5 },
      { ...vector, k: 41, scale: 0.5, offset: 2 },
      { ...vector, k: 42, scale: 2, offset: 1 },
      { shape, k: 43 },
      { shape, k: 44 },
    ],
    build: ([x, scale, offset, dy, other]) => {
      const [y, mean, variance] = node(batchNormTraining, [x, scale, offset] as Tensor[], { epsilon, bessel }) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const cut = call(limit === 6 ? relu6 : relu, [y]);
      const gradient = call(reluBackward, [cut, dy as Tensor], { limit });
      const inputs = [x, scale, mean, variance, gradient] as Tensor[];
      const [dx, dscale, doffset] = node(batchNormTrainingBackward, inputs, { epsilon, bessel }) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      return [added ? call(add, [dx, other as Tensor]) : dx, dscale, doffset];
    },
    expected: (x = [], scale = [], offset = [], dy = [], other = []) => {
      const m = x.length / channels;
      const column = (list: readonly number[], c: number) => list.filter((_, i) => i % channels === c);
      const means = scale.map((_, c) => naive.mean(column(x, c)));
      const inverse = means.map(
        (mean, c) => 1 / Math.sqrt(naive.mean(column(x, c).map((v) => (v - mean) ** 2)) + epsilon),
      );
      const of = (list: readonly number[], i: number) => list[i % channels] as number;
      const units = x.map((v, i) => (v - of(means, i)) * of(inverse, i));
      const cut = dy.map((g, i) => {
        const y = (units[i] as number) * of(scale, i) + of(offset, i);
        return y > 0 && y < limit ? g : 0;
      });
      const sums = (list: readonly number[]) => scale.map((_, c) => naive.sum(column(list, c)));
      const doffset = sums(cut);
      const dscale = sums(cut.map((g, i) => g * (units[i] as number)));
      const dx = cut.map((g, i) => {
        const centred = g - of(doffset, i) / m - ((units[i] as number) * of(dscale, i)) / m;
        return of(scale, i) * of(inverse, i) * centred + (added ? (other[i] as number) : 0);
      });
      return [dx, dscale, doffset];
    },
  };
}

export const batchNormTrainingReluBackwardCases: OpCases = {
  op: batchNormTrainingReluBackward,
  cases: [
    ...each(
      [
        [3, 7, 5, 17],
        [2, 9, 9, 64],
        [1, 5, 7, 300],
        [50, 10],
        [40, 1],
      ],
      (shape) => wayBack('relu', shape, Number.POSITIVE_INFINITY, false),
    ),
    wayBack('relu', [2, 6, 6, 33], Number.POSITIVE_INFINITY, true),
    wayBack('relu6', [2, 8, 8, 24], 6, false),
    wayBack('relu6', [3, 6, 6, 5], 6, true),
  ],
};
