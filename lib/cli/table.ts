import type { Prediction } from '../model/predictions.js';
import { printable } from './io.js';

/** Columns of text, left-aligned; columns of numbers right-aligned, with `digits` decimals unless they are whole. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[], digits = 4): string {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === 'number' ? numberText(cell, digits) : printable(cell))),
  );
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((row) => (row[i] ?? '').length)));
  const right = header.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (right[i] ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
      .join('  ')
      .trimEnd();
  return [header, widths.map((w) => '-'.repeat(w)), ...cells].map((row) => `${line(row)}\n`).join('');
}

function numberText(value: number, digits: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(digits);
}

/** Classes of one image. */
export function predictionTable(predictions: readonly Prediction[]): string {
  return table(
    ['class', 'label', 'probability'],
    predictions.map((p) => [p.index, p.label, p.probability.toFixed(4)]),
  );
}

/** One CSV record (RFC 4180), with its line end. */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map((cell) => (typeof cell === 'string' && /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : String(cell))).join(',')}\r\n`;
}
