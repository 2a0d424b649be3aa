import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { glob } from 'tinyglobby';
import { decodeText, lines } from '../core/text.js';
import { imageFormat } from '../data/image_format.js';
import { ArgumentError } from '../errors.js';
import type { CliIo } from './io.js';

/** An image that a command was asked for: a path, or bytes from standard input. */
export interface InputImage {
  /** What results call it. */
  readonly name: string;
  readonly source: string | Uint8Array;
  /** Why it cannot be read, where that is known already. */
  readonly problem?: ArgumentError;
}

const imagePattern = '**/*.{jpg,jpeg,png,webp,avif,tif,tiff,gif}';
const maxStdinBytes = 512 * 2 ** 20;

/**
 * Images named by arguments: files, folders (all images below them, sorted), globs, and `-` for standard input, which holds
 * either one image or a list of paths, one a line (or separated by zero bytes, as `find -print0` writes them).
 * @throws ArgumentError when an argument names nothing
 */
export async function expandInputs(args: readonly string[], io: CliIo): Promise<InputImage[]> {
  if (args.filter((arg) => arg === '-').length > 1)
    throw new ArgumentError('Standard input (-) can be given once only.');
  const images: InputImage[] = [];
  for (const arg of args) {
    if (arg === '-') images.push(...fromStdin(await readAll(io)));
    else images.push(...(await fromArgument(arg)));
  }
  return images;
}

async function fromArgument(arg: string): Promise<InputImage[]> {
  const info = await stat(arg).catch(() => null);
  if (info?.isDirectory()) {
    const found = (await glob(imagePattern, { cwd: arg, caseSensitiveMatch: false, onlyFiles: true })).sort();
    if (found.length === 0) {
      throw new ArgumentError('The folder holds no images.', {
        path: arg,
        hint: `files are taken by their extension: ${imagePattern}.`,
      });
    }
    return found.map((name) => file(join(arg, name)));
  }
  // A file that does not exist is reported like any other that cannot be read, so that it does not stop a batch.
  if (info !== null || !/[*?[\]{}!]/.test(arg)) return [file(arg)];
  const found = (await glob(arg, { onlyFiles: true, expandDirectories: false, absolute: isAbsolute(arg) })).sort();
  if (found.length === 0) throw new ArgumentError(`No file matches ${arg}.`);
  return found.map(file);
}

function file(path: string): InputImage {
  return { name: path, source: path };
}

function fromStdin(bytes: Buffer): InputImage[] {
  if (bytes.length === 0)
    throw new ArgumentError('Standard input is empty.', { hint: 'pipe in an image, or paths one a line.' });
  const paths = imageFormat(bytes) === null ? listOfPaths(bytes) : null;
  // What is neither an image nor a list is reported by the decoder.
  if (paths === null) return [{ name: '-', source: bytes }];
  if (paths.length === 0)
    throw new ArgumentError('Standard input holds no paths.', { hint: 'pipe in an image, or paths one a line.' });
  return paths;
}

/**
 * The items of a list of paths; null when the bytes are no text. What is no text in one line is the fault of that line alone.
 */
function listOfPaths(bytes: Buffer): InputImage[] | null {
  if (isUtf16(bytes)) return utf16Paths(bytes);
  if (bytes.some((byte) => byte < 0x20 && ![0, 0x09, 0x0a, 0x0d].includes(byte))) return null;
  const separator = bytes.includes(0) ? 0 : 0x0a;
  const images: InputImage[] = [];
  for (let start = bytes.subarray(0, 3).equals(utf8Mark) ? 3 : 0, line = 1; start < bytes.length; line++) {
    const found = bytes.indexOf(separator, start);
    const end = found < 0 ? bytes.length : found;
    const path = bytes.subarray(start, separator === 0x0a && bytes[end - 1] === 0x0d ? end - 1 : end);
    start = end + 1;
    if (path.length > 0) images.push(pathOfLine(path, line));
  }
  return images;
}

const utf8Mark = Buffer.from('\ufeff');

function pathOfLine(bytes: Buffer, line: number): InputImage {
  try {
    return file(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    const name = bytes.toString('utf8');
    const problem = new ArgumentError(`Line ${line} of standard input is not UTF-8.`, { path: name, cause });
    return { name, source: '', problem };
  }
}

function isUtf16([first, second]: Buffer): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

/** As some shells pipe text on Windows. */
function utf16Paths(bytes: Buffer): InputImage[] | null {
  let text: string;
  try {
    text = decodeText(bytes, (what) => new ArgumentError(what));
  } catch {
    return null;
  }
  if (/[\u0001-\u0008\u000b\u000c\u000e-\u001f]/.test(text)) return null;
  return lines(text)
    .filter((path) => path !== '')
    .map(file);
}

async function readAll({ in: stream, signal }: CliIo): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = () => (stream as NodeJS.ReadableStream & { destroy?: (error: Error) => void }).destroy?.(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream) {
      const buffer = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      bytes += buffer.length;
      if (bytes > maxStdinBytes) throw new ArgumentError(`Standard input has more than ${maxStdinBytes} bytes.`);
      chunks.push(buffer);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return Buffer.concat(chunks);
}
