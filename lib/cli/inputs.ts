import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { glob } from 'tinyglobby';
import { imageFormat } from '../data/image_format.js';
import { ArgumentError } from '../errors.js';
import type { CliIo } from './io.js';

/** An image that a command was asked for: a path, or bytes from standard input. */
export interface InputImage {
  /** What results call it. */
  readonly name: string;
  readonly source: string | Uint8Array;
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
  return paths.map(file);
}

/** Paths of a list; null when the bytes are no text. */
function listOfPaths(bytes: Buffer): string[] | null {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
  if (/[\u0001-\u0008\u000b\u000c\u000e-\u001f]/.test(text)) return null;
  return text.split(text.includes('\0') ? '\0' : /\r?\n/).filter((path) => path !== '');
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
