import { defineOp, float, int } from '../core/op.js';
import { ShapeError } from '../errors.js';
import { ordinary } from './traits.js';

/**
 * Keeps each element with probability `keep_prob` and scales it by 1 / keep_prob; the others become 0. What is kept follows
 * from the seed, the number of the run and the element's index alone, so every backend draws the same mask.
 */
export const dropout = defineOp({
  name: 'dropout',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { keep_prob: float, seed: int },
  traits: { ...ordinary, dtypes: 'float', batchwise: 'never', random: true },
  infer: ({ x }, { keep_prob: keepProb, seed }) => {
    if (!(keepProb > 0 && keepProb <= 1))
      throw new ShapeError(`keep_prob: expected more than 0 and at most 1, received ${keepProb}.`);
    if (seed < 0 || seed > 0xffffffff) throw new ShapeError(`seed: expected 0 to 2^32 - 1, received ${seed}.`);
    return { y: x };
  },
});
