import { createReadStream } from 'node:fs';
import type { ReadEntry } from 'tar';
import { maxFileBytes } from '../../data/image_file.js';
import { imageFormat, signatureBytes } from '../../data/image_format.js';
import { namesImage } from '../../data/image_walk.js';
import { ImageError, systemReason } from '../../errors.js';
import type { InputArchive, InputImage } from './input.js';

/** Archives are known by their names, since lists of millions are not looked into before their turn. */
export function isTarName(path: string): boolean {
  return /\.(tar|tar\.gz|tgz)$/i.test(path);
}

export function tarFile(path: string): InputArchive {
  return { name: path, images: (signal) => tarImages(path, async () => createReadStream(path), signal) };
}

/**
 * The images in a tar archive (plain or gzip), such as a shard of WebDataset, in their order and as `archive/name`: files whose names or
 * first bytes say that they are images, and that are not hidden. It is read as the work goes. What makes the rest of it unreadable is the
 * last one, with its problem.
 */
export async function* tarImages(
  name: string,
  open: () => Promise<AsyncIterable<Uint8Array>>,
  signal: AbortSignal,
): AsyncGenerator<InputImage> {
  const { Parser } = await import('tar/parse');
  const images: InputImage[] = [];
  let [damage, marked]: [unknown, boolean] = [undefined, false];
  // Entries are taken as they come, so the parser never waits: what a chunk completes is there when `write` returns.
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => collect(entry, name, (image) => images.push(image)),
  });
  parser.on('error', (error: unknown) => {
    damage ??= error;
  });
  parser.on('eof', () => {
    marked = true;
  });
  try {
    for await (const chunk of await open()) {
      signal.throwIfAborted();
      parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      if (damage !== undefined) break;
      yield* images.splice(0);
    }
    if (damage === undefined) parser.end();
    // The mark at the end is all that tells a whole archive from one that was cut between two files.
    if (!marked) damage ??= new Error('it ends too early');
  } catch (error) {
    signal.throwIfAborted();
    damage ??= error;
  }
  yield* images.splice(0);
  if (damage !== undefined) yield { name, source: '', problem: unreadable(name, damage) };
}

function collect(entry: ReadEntry, archive: string, found: (image: InputImage) => void): void {
  const name = `${archive}/${entry.path}`;
  const isFile = entry.type === 'File' || entry.type === 'OldFile' || entry.type === 'ContiguousFile';
  const isNamed = namesImage(entry.path);
  if (!isFile || /(^|\/)\.[^/]*$/.test(entry.path)) return void entry.resume();
  if (entry.size > maxFileBytes) {
    const problem = new ImageError(`The file has ${entry.size} bytes, the limit is ${maxFileBytes}.`, { path: name });
    if (isNamed) found({ name, source: '', problem });
    return void entry.resume();
  }
  const bytes = Buffer.alloc(entry.size);
  let [length, keep] = [0, true];
  entry.on('data', (chunk: Buffer) => {
    if (!keep) return;
    length += chunk.copy(bytes, length);
    // The rest of what is no image is passed over.
    keep = isNamed || length < signatureBytes || imageFormat(bytes.subarray(0, length)) !== null;
  });
  entry.on('end', () => {
    if (isNamed || imageFormat(bytes) !== null) found({ name, source: bytes });
  });
}

function unreadable(path: string, cause: unknown): ImageError {
  return new ImageError(`The rest of the archive cannot be read: ${systemReason(cause)}.`, { path, cause });
}
