/**
 * The numbers of which all fixtures are made: an integer hash that is exact in JavaScript, Python and C++, so that inputs need
 * not be stored beside results (scripts/golden/generator.py draws the same).
 */

// Looked up once: under Jest each use of a global goes through a sandbox, which costs a microsecond.
const { imul } = Math;

/** h(i, k) in [0, 1). */
export function hash(i: number, k: number): number {
  let s = (imul(i, 2654435761) + imul(k, 40503) + 12345) >>> 0;
  s = imul(s ^ (s >>> 16), 2246822519) >>> 0;
  return ((s ^ (s >>> 13)) >>> 0) / 2 ** 32;
}

/** `length` numbers between offset - scale and offset + scale, as float64. */
export function uniform(length: number, k: number, scale = 1, offset = 0): Float64Array {
  return Float64Array.from({ length }, (_, i) => offset + scale * (2 * hash(i, k) - 1));
}
