import type { Tensor } from '../core/graph.js';
import { divideNoNan, multiply, reduceSum, size } from './math.js';

/** The sum of x after it has been stretched to the shape of `to`. */
export function stretchedSum(x: Tensor, to: Tensor): Tensor {
  return multiply(reduceSum(x), divideNoNan(size(to), size(x)));
}
