/** The generator of the golden scripts, and what tests draw from it besides. */
import { hash } from '../../scripts/golden/generator.mjs';

export { hash };

/** `length` numbers between offset - scale and offset + scale, as float64. */
export function uniform(length: number, k: number, scale = 1, offset = 0): Float64Array {
  return Float64Array.from({ length }, (_, i) => offset + scale * (2 * hash(i, k) - 1));
}
