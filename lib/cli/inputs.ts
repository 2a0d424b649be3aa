import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { glob } from 'tinyglobby';
import { eachFileOnce, type FoundImage, fileIdentity, imagesBelow } from '../data/image_folder.js';
import { imageFormat } from '../data/image_format.js';
import { LeftOut } from '../data/left_out.js';
import { ArgumentError, type SlimnetError } from '../errors.js';
import { type CliIo, printable, say } from './io.js';
import { listOfPaths } from './path_list.js';

/** An image that a command was asked for: a path, or bytes from standard input. */
export interface InputImage {
  /** What results call it. */
  readonly name: string;
  readonly source: string | Uint8Array;
  /** Why it cannot be read, where that is known already. */
  readonly problem?: SlimnetError;
}

const maxStdinBytes = 512 * 2 ** 20;

/**
 * Images named by arguments: files, folders (all images below them, sorted), globs, and `-` for standard input, which holds
 * either one image or a list of paths, one a line (or separated by zero bytes, as `find -print0` writes them). Folders and globs add no
 * file that is there already; what they leave out is counted on standard error.
 * @throws ArgumentError when an argument names nothing
 */
export async function expandInputs(args: readonly string[], io: CliIo): Promise<InputImage[]> {
  if (args.filter((arg) => arg === '-').length > 1)
    throw new ArgumentError('Standard input (-) can be given once only.');
  const images: InputImage[] = [];
  const taken = new Set<string>();
  for (const arg of args) {
    if (arg === '-') images.push(...fromStdin(await readAll(io)));
    else images.push(...(await fromArgument(arg, taken, io)));
  }
  return images;
}

async function fromArgument(arg: string, taken: Set<string>, io: CliIo): Promise<InputImage[]> {
  const leftOut = new LeftOut();
  const done = (found: readonly FoundImage[]) => {
    if (leftOut.count > 0) say(io, printable(`slimnet: ${arg}: ${leftOut}.`));
    return found.map(({ path, ...problem }) => ({ name: path, source: path, ...problem }));
  };
  const info = await stat(arg).catch(() => null);
  if (info?.isDirectory()) {
    const found = await imagesBelow(arg, taken, leftOut, io.signal);
    if (found.length === 0 && !leftOut.has('taken already')) {
      throw new ArgumentError('The folder holds no images.', {
        path: arg,
        ...(leftOut.count === 0 ? {} : { hint: `${leftOut}.` }),
      });
    }
    return done(found);
  }
  // A file that does not exist is reported like any other that cannot be read, so that it does not stop a batch.
  if (info !== null || !/[*?[\]{}!]/.test(arg)) {
    const id = await fileIdentity(arg);
    if (id !== null) taken.add(id);
    return [file(arg)];
  }
  const found = await glob(arg, { onlyFiles: true, expandDirectories: false, absolute: isAbsolute(arg) });
  if (found.length === 0) throw new ArgumentError(`No file matches ${arg}.`);
  return done(await eachFileOnce(found, taken, leftOut));
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
