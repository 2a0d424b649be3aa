import { defineOp, float, int } from '../core/op.js';
import { ShapeError } from '../errors.js';
import { ordinary } from './traits.js';

/**
 * Keeps each element with probability `keep_prob` and scales it by 1 / keep_prob; the others become 0. What is kept follows
 * from the seed, the step of the run and the element's index in the whole batch alone, so every backend draws the same mask, with
 * whichever programs and microbatches. The seed tells one dropout from another: it is made of the graph's seed and the name of
 * the layer, or is the caller's. What stands for this node elsewhere (a gradient, a node computed again) has the same one.
 */
export const dropout = defineOp({
  name: 'dropout',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { keep_prob: float, seed: int },
  traits: { ...ordinary, dtypes: 'float', batchwise: 'first', random: true },
  infer: ({ x }, { keep_prob: keepProb, seed }) => {
    if (!(keepProb > 0 && keepProb <= 1))
      throw new ShapeError(`keep_prob: expected more than 0 and at most 1, received ${keepProb}.`);
    if (seed < 0 || seed > 0xffffffff) throw new ShapeError(`seed: expected 0 to 2^32 - 1, received ${seed}.`);
    return { y: x };
  },
  // The same node of another input draws the same mask.
  grad: (v, { dy }, a) => ({ x: v.dropout(dy, a) }),
});
