/** Text out of bytes of unknown origin, decoded strictly: what is no text is an error, never a character that stands for one. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Makes the error of whoever reads; `what` is a sentence without its full stop. */
export type TextFailure = (what: string, details?: { readonly hint?: string; readonly cause?: unknown }) => Error;

/**
 * UTF-8, or UTF-16 where its mark says so.
 * @throws what `fail` makes, with the number of the first line that is not
 */
export function decodeText(bytes: Uint8Array, fail: TextFailure): string {
  const [first, second, third, fourth] = bytes;
  if (first === 0xff && second === 0xfe) {
    if (third === 0 && fourth === 0 && bytes.length % 4 === 0) throw fail('the text is UTF-32', utf8Hint);
    return checkedText(decodeUtf16(Buffer.from(bytes), fail), fail);
  }
  if (first === 0xfe && second === 0xff) {
    if (bytes.length % 2 !== 0) throw fail('the text is UTF-16 and ends within a character', utf8Hint);
    return checkedText(decodeUtf16(Buffer.from(bytes).swap16(), fail), fail);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw notUtf8(bytes, fail);
  }
  return checkedText(text, fail);
}

const utf8Hint = { hint: 'save it as UTF-8.' } as const;

function decodeUtf16(littleEndian: Buffer, fail: TextFailure): string {
  try {
    return new TextDecoder('utf-16le', { fatal: true }).decode(littleEndian);
  } catch (cause) {
    throw fail('the text begins with the mark of UTF-16 and is no UTF-16', { ...utf8Hint, cause });
  }
}

/** Characters that no text has: a zero stands in binary files, and in UTF-16 without a mark. */
function checkedText(text: string, fail: TextFailure): string {
  const zero = text.indexOf('\0');
  if (zero < 0) return text;
  throw fail(`line ${lineAt(text, zero)} has a character of value zero`, {
    hint: 'this is no text, or UTF-16 without its mark: save it as UTF-8.',
  });
}

function lineAt(text: string, position: number): number {
  return lines(text.slice(0, position)).length;
}

/** A byte of value 10 is never part of a longer character, so the lines of UTF-8 can be told before it is decoded. */
function notUtf8(bytes: Uint8Array, fail: TextFailure): Error {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let start = 0;
  for (let line = 1; start <= bytes.length; line++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return fail(`line ${line} is not UTF-8`, {
        hint: 'it may be Latin-1 or another old encoding: save it as UTF-8.',
      });
    }
    start = end + 1;
  }
  return fail('the text is not UTF-8', utf8Hint);
}

/** The lines of a text, whichever system's line ends it has. */
export function lines(text: string): string[] {
  return text.split(/\r\n|\n|\r/);
}

/**
 * The text of a file.
 * @param maxBytes larger files are refused
 * @throws what `fail` makes when it cannot be read, is a folder, device or pipe, is too large, or is no text
 */
export async function readTextFile(path: string, maxBytes: number, fail: TextFailure): Promise<string> {
  return decodeText(await readSmallFile(path, maxBytes, fail), fail);
}

async function readSmallFile(path: string, maxBytes: number, fail: TextFailure): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK (which Windows lacks), opening a named pipe would wait for its writer.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const found = await file.stat();
    if (!found.isFile()) throw fail('expected a file, this is a folder, device or pipe');
    if (found.size > maxBytes) throw fail(`the file has ${found.size} bytes, the limit is ${maxBytes}`);
    return await file.readFile();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === undefined || code.startsWith('ERR_')) throw cause;
    throw fail(`the file cannot be read (${code})`, { cause });
  } finally {
    await file?.close();
  }
}
