/** The generator of the golden scripts, and what tests draw from it besides. */
import { hash } from '../../scripts/golden/generator.mjs';

export { hash };

/** `length` numbers between offset - scale and offset + scale, as float64. */
export function uniform(length: number, k: number, scale = 1, offset = 0): Float64Array {
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = offset + scale * (2 * hash(i, k) - 1);
  return values;
}
