/** Sizes that come from files: products that cannot overflow, dimensions that cannot be negative. */

/** TensorFlow's own limit for the number of dimensions. */
export const maxRank = 254;

/** Number of elements, or undefined when a dimension is no non-negative integer or the product passes 2^53. */
export function elementCount(shape: readonly number[]): number | undefined {
  if (shape.length > maxRank) return undefined;
  let count = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) return undefined;
    if (dimension === 0) count = 0;
  }
  if (count === 0) return 0;
  for (const dimension of shape) {
    count *= dimension;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/** Number of bytes, or undefined where `elementCount` is, or where the bytes pass 2^53. */
export function byteCount(shape: readonly number[], elementBytes: number): number | undefined {
  const count = elementCount(shape);
  if (count === undefined) return undefined;
  const bytes = count * elementBytes;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `[2, 3]`, `[]` for a scalar. */
export function formatShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((dimension) => dimension ?? '?').join(', ')}]`;
}

/** True when both have the same dimensions. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension === b[i]);
}
