/** Lists of paths, as other programs write them. */
import { ArgumentError } from '../errors.js';
import type { InputImage } from './inputs.js';

interface Encoding {
  readonly name: string;
  readonly label: 'utf-8' | 'utf-16le' | 'utf-16be';
  /** What a list begins with that is so encoded. */
  readonly mark: Buffer;
  /** Bytes of a unit. */
  readonly unit: 1 | 2;
}

const utf8: Encoding = { name: 'UTF-8', label: 'utf-8', mark: Buffer.of(0xef, 0xbb, 0xbf), unit: 1 };
/** As some shells pipe text on Windows. */
const utf16 = [
  { name: 'UTF-16', label: 'utf-16le', mark: Buffer.of(0xff, 0xfe), unit: 2 },
  { name: 'UTF-16', label: 'utf-16be', mark: Buffer.of(0xfe, 0xff), unit: 2 },
] as const satisfies readonly Encoding[];

/**
 * The items of a list of paths, one a line or with zero bytes between: UTF-8, or UTF-16 by its mark. What is no text in one line is the
 * fault of that line alone.
 * @returns null when this is no list: what stands first in it is no text
 */
export function listOfPaths(bytes: Buffer): InputImage[] | null {
  const marked = [utf8, ...utf16].find(({ mark }) => bytes.subarray(0, mark.length).equals(mark));
  const encoding = marked ?? utf8;
  const text = bytes.subarray(marked?.mark.length ?? 0);
  const images: InputImage[] = [];
  for (const { line, item } of itemsOf(text, encoding)) {
    if (images.length === 0 && isBinary(item, encoding)) return null;
    images.push(pathOf(item, encoding, line));
  }
  return images;
}

function* itemsOf(
  text: Buffer,
  { label, unit }: Encoding,
): Generator<{ readonly line: number; readonly item: Buffer }> {
  const low = label === 'utf-16be' ? 1 : 0;
  const at = (i: number) =>
    unit === 1 ? text[i] : i + 1 < text.length && text[i + 1 - low] === 0 ? text[i + low] : -1;
  const find = (value: number, from: number) => {
    if (unit === 1) {
      const found = text.indexOf(value, from);
      return found < 0 ? text.length : found;
    }
    let i = from;
    while (i < text.length && at(i) !== value) i += unit;
    return Math.min(i, text.length);
  };
  const separator = find(0, 0) < text.length ? 0 : 0x0a;
  for (let start = 0, line = 1; start < text.length; line++) {
    const end = find(separator, start);
    const withReturn = separator === 0x0a && end > start && at(end - unit) === 0x0d;
    const item = text.subarray(start, withReturn ? end - unit : end);
    if (item.length > 0) yield { line, item };
    start = end + unit;
  }
}

/** No name has control characters in practice; binary files have them among their first bytes. */
function isBinary(item: Buffer, { label, unit }: Encoding): boolean {
  return item.length % unit !== 0 || /[\u0001-\u0008\u000b\u000c\u000e-\u001f]/.test(decode(item, label, false));
}

function pathOf(item: Buffer, { label, name: encoding }: Encoding, line: number): InputImage {
  try {
    const path = decode(item, label, true);
    return { name: path, source: path };
  } catch (cause) {
    const name = decode(item, label, false);
    const problem = new ArgumentError(`Line ${line} of standard input is not ${encoding}.`, { path: name, cause });
    return { name, source: '', problem };
  }
}

function decode(item: Buffer, label: Encoding['label'], fatal: boolean): string {
  return new TextDecoder(label, { fatal, ignoreBOM: true }).decode(item);
}
