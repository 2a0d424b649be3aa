import type { TypedArray } from '../../core/dtype.js';

/**
 * Copies a row-major tensor with its dimensions in another order.
 * @param shape of the source
 * @param order for each dimension of the target the source's dimension that it is
 * @param target of as many elements, and another buffer
 */
export function arrange<T extends TypedArray>(
  source: T,
  shape: readonly number[],
  order: readonly number[],
  target: T,
): void {
  if (source.length === 0) return;
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1));
  const sizes = order.map((dimension) => shape[dimension] as number);
  const steps = order.map((dimension) => strides[dimension] as number);
  // The two innermost dimensions run in loops of their own, the others count like an odometer.
  const [rows, columns] = [sizes.at(-2) ?? 1, sizes.at(-1) ?? 1];
  const [rowStep, columnStep] = [steps.at(-2) ?? 0, steps.at(-1) ?? 0];
  const outer = Math.max(order.length - 2, 0);
  const index = new Array<number>(outer).fill(0);
  let from = 0;
  let to = 0;
  while (to < target.length) {
    for (let row = 0; row < rows; row++) {
      let at = from + row * rowStep;
      for (let column = 0; column < columns; column++) {
        target[to++] = source[at] as T[number];
        at += columnStep;
      }
    }
    for (let i = outer - 1; i >= 0; i--) {
      index[i] = (index[i] as number) + 1;
      from += steps[i] as number;
      if ((index[i] as number) < (sizes[i] as number)) break;
      from -= (index[i] as number) * (steps[i] as number);
      index[i] = 0;
    }
  }
}
