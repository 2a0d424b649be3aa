/** Lists of paths, as other programs write them, read as they come. */
import { ArgumentError } from '../../errors.js';

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

/** Bytes of the beginning of a list that say how it is written. */
export const listHeadBytes = 64 * 1024;

/** Bytes of the longest item: four times what a system takes for a path. */
const longestItem = 16 * 1024;

/** An item of a list, or what is wrong with it. */
export interface ListItem {
  readonly path: string;
  readonly problem?: ArgumentError;
}

/** Whether this is the beginning of a list of paths: what stands first in it is text. */
export function isPathList(head: Buffer): boolean {
  const encoding = encodingOf(head);
  for (const item of new Splitter(encoding, head).take(head, true))
    if (item.length > 0) return !isBinary(item, encoding);
  return true;
}

/**
 * The items of a list of paths, one a line or with zero bytes between: UTF-8, or UTF-16 by its mark. What is no text in one line is the
 * fault of that line alone.
 * @param called what the list is called in messages
 */
export async function* pathsOf(chunks: AsyncIterable<Buffer>, called: string): AsyncGenerator<ListItem> {
  let splitter: Splitter | undefined;
  let head: Buffer = Buffer.alloc(0);
  let encoding = utf8;
  let line = 0;
  const items = function* (chunk: Buffer, last: boolean): Generator<ListItem> {
    for (const item of (splitter as Splitter).take(chunk, last)) {
      line++;
      if (item.length > 0) yield itemOf(item, encoding, line, called);
    }
  };
  for await (const chunk of chunks) {
    if (splitter !== undefined) {
      yield* items(chunk, false);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < listHeadBytes) continue;
    encoding = encodingOf(head);
    splitter = new Splitter(encoding, head);
    yield* items(head, false);
  }
  if (splitter === undefined) {
    encoding = encodingOf(head);
    splitter = new Splitter(encoding, head);
    yield* items(head, true);
  } else {
    yield* items(Buffer.alloc(0), true);
  }
}

function encodingOf(head: Buffer): Encoding {
  return [utf8, ...utf16].find(({ mark }) => head.subarray(0, mark.length).equals(mark)) ?? utf8;
}

/** Cuts bytes at their separators. */
class Splitter {
  readonly #unit: 1 | 2;
  readonly #separator: Buffer;
  readonly #return: Buffer | null;
  #skip: number;
  #rest: Buffer = Buffer.alloc(0);

  /** @param head the beginning: with a zero in it, zeros stand between the items */
  constructor({ label, unit, mark }: Encoding, head: Buffer) {
    this.#unit = unit;
    this.#skip = head.subarray(0, mark.length).equals(mark) ? mark.length : 0;
    const code = (value: number) =>
      unit === 1 ? Buffer.of(value) : label === 'utf-16le' ? Buffer.of(value, 0) : Buffer.of(0, value);
    const zeros = find(head.subarray(this.#skip), code(0), unit, 0) >= 0;
    this.#separator = code(zeros ? 0 : 0x0a);
    this.#return = zeros ? null : code(0x0d);
  }

  /** @param last whether these are the last bytes; what follows the last separator is an item then */
  *take(chunk: Buffer, last: boolean): Generator<Buffer> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = this.#skip;
    this.#skip = 0;
    for (;;) {
      const end = find(bytes, this.#separator, this.#unit, start);
      if (end < 0) break;
      yield this.#withoutReturn(bytes.subarray(start, end));
      start = end + this.#unit;
    }
    if (last) {
      if (start < bytes.length) yield this.#withoutReturn(bytes.subarray(start));
      return;
    }
    // Of an item that is too long its beginning says enough; whole units are kept, so that separators are found.
    const rest = bytes.subarray(start);
    this.#rest =
      rest.length <= 2 * longestItem
        ? Buffer.from(rest)
        : Buffer.concat([
            rest.subarray(0, longestItem + this.#unit),
            rest.subarray(rest.length - (rest.length % this.#unit)),
          ]);
  }

  #withoutReturn(item: Buffer): Buffer {
    const from = item.length - this.#unit;
    return this.#return !== null && from >= 0 && item.subarray(from).equals(this.#return)
      ? item.subarray(0, from)
      : item;
  }
}

/** Where a unit stands, from a place on that is at the beginning of one; -1: nowhere. */
function find(bytes: Buffer, unit: Buffer, size: 1 | 2, from: number): number {
  for (let at = bytes.indexOf(unit, from); at >= 0; at = bytes.indexOf(unit, at + 1))
    if ((at - from) % size === 0) return at;
  return -1;
}

/** No name has control characters in practice; binary files have them among their first bytes. */
function isBinary(item: Buffer, { label, unit }: Encoding): boolean {
  return item.length % unit !== 0 || /[\u0001-\u0008\u000b\u000c\u000e-\u001f]/.test(decode(item, label, false));
}

function itemOf(item: Buffer, { label, name: encoding }: Encoding, line: number, called: string): ListItem {
  if (item.length > longestItem) {
    const path = decode(item.subarray(0, 60), label, false);
    return { path, problem: new ArgumentError(`Line ${line} of ${called} is longer than a path can be.`, { path }) };
  }
  try {
    return { path: decode(item, label, true) };
  } catch (cause) {
    const path = decode(item, label, false);
    return { path, problem: new ArgumentError(`Line ${line} of ${called} is not ${encoding}.`, { path, cause }) };
  }
}

function decode(item: Buffer, label: Encoding['label'], fatal: boolean): string {
  return new TextDecoder(label, { fatal, ignoreBOM: true }).decode(item);
}
