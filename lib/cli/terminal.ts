/** Colour and pictures on terminals that have them; elsewhere plain text. */
import type { RawImage } from '../data/index.js';

/** A stream that may be a terminal. */
type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean; getColorDepth?(env?: object): number };

/** What a stream can show. */
export interface Terminal {
  /** Text that stands out, as a person expects of green, red and grey. Without colours the text itself. */
  good(text: string): string;
  bad(text: string): string;
  soft(text: string): string;
  bold(text: string): string;
  /** Whether it shows pictures: 16 million colours. */
  readonly hasPictures: boolean;
}

/**
 * @param env of the process: NO_COLOR (https://no-color.org) is honoured
 */
export function terminalOf(stream: Stream, env: NodeJS.ProcessEnv = process.env): Terminal {
  const isPlain = stream.isTTY !== true || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  const depth = isPlain ? 1 : (stream.getColorDepth?.(env) ?? 1);
  const coloured = (code: number, end: number) => (text: string) =>
    depth < 4 ? text : `\u001b[${code}m${text}\u001b[${end}m`;
  return {
    good: coloured(32, 39),
    bad: coloured(31, 39),
    soft: coloured(2, 22),
    bold: coloured(1, 22),
    hasPictures: depth >= 24,
  };
}

/**
 * Pictures side by side, two pixels a character.
 * @param pictures of the same size, in colour
 * @param shrink pixels a side of which one is made
 * @param between columns between two pictures
 */
export function pictureRow(pictures: readonly RawImage[], shrink: number, between = 2): string {
  const [{ width, height } = { width: 0, height: 0 }] = pictures;
  const lines: string[] = [];
  const step = 2 * shrink;
  for (let y = 0; y + step <= height; y += step) {
    const parts = pictures.map((picture) => {
      let text = '';
      for (let x = 0; x + shrink <= width; x += shrink)
        text += `\u001b[38;2;${meanOf(picture, x, y, shrink)}m\u001b[48;2;${meanOf(picture, x, y + shrink, shrink)}m\u2580`;
      return `${text}\u001b[0m`;
    });
    lines.push(parts.join(' '.repeat(between)));
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** The mean colour of a square, as `red;green;blue`. */
function meanOf({ data, width }: RawImage, left: number, top: number, side: number): string {
  const sums = [0, 0, 0];
  for (let y = top; y < top + side; y++)
    for (let x = left; x < left + side; x++)
      for (let c = 0; c < 3; c++) sums[c] = (sums[c] as number) + (data[3 * (y * width + x) + c] as number);
  return sums.map((sum) => Math.round(sum / (side * side))).join(';');
}
