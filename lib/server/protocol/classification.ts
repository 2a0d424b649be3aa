/** The classification extension: instead of an output, its largest values, as text. */
import type { BytesTensor } from './types.js';

/**
 * For each row its `count` largest values, largest first, each as `value:index:label` (or `value:index` where there are no labels).
 * @param top indices of the largest values of a row
 */
export function classified(
  name: string,
  rows: readonly Float32Array[],
  count: number,
  labels: readonly string[] | null,
  top: (row: Float32Array, count: number) => readonly number[],
): BytesTensor {
  const encoder = new TextEncoder();
  const data = rows.flatMap((row) =>
    top(row, count).map((index) => {
      const label = labels?.[index];
      return encoder.encode(`${shortNumber(row[index] as number)}:${index}${label === undefined ? '' : `:${label}`}`);
    }),
  );
  return { name, datatype: 'BYTES', shape: [rows.length, count], data };
}

/** A float32 in as few digits as tell it from all others. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(9)));
}
