/** Bars of a chart that need no script. */
import { escaped } from './html.js';

export interface Bar {
  readonly name: string;
  /** Not negative. */
  readonly value: number;
  /** The value as it is written. */
  readonly text: string;
}

/** Bars, one a line; the largest value fills its line. @param unit what the values are */
export function bars(all: readonly Bar[], unit: string): string {
  const most = all.reduce((largest, { value }) => Math.max(largest, value), 0) || 1;
  const rows = all.map(
    ({ name, value, text }) =>
      `<div class="hname">${escaped(name)}</div><div class="hbar"><i style="width:${((100 * value) / most).toFixed(1)}%"></i></div><div class="htext">${escaped(text)}</div>`,
  );
  return `<p class="soft">${escaped(unit)}</p><div class="hbars">${rows.join('\n')}</div>`;
}
