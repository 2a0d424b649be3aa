/** Where a reader's bytes come from: a file, read by position, or memory. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { CheckpointError, ExecutionError } from '../../errors.js';
import type { ReadContext } from '../types.js';

/** Bytes of known number that can be read at any position. */
export interface ByteSource {
  /** Name for messages; a path where it is a file. */
  readonly path: string;
  readonly size: number;
  /** Descriptor, where it is an open file. */
  readonly file?: number;
  /** Fills `target` from `offset` on. @throws CheckpointError when that passes the end or cannot be read. */
  readInto(target: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

/** Most bytes asked of the system in one call: the system takes at most 2^31 - 1. */
const maxRead = 1 << 28;

/** @throws CheckpointError unless [offset, offset + length) lies within the source. */
export function checkRange(source: ByteSource, offset: number, length: number, what: string): void {
  const fine = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (fine && offset + length <= source.size) return;
  throw new CheckpointError(
    `${what} should lie at bytes ${offset} to ${offset + length}, but there are ${source.size} bytes.`,
    {
      path: source.path,
      offset: Number.isSafeInteger(offset) && offset >= 0 ? Math.min(offset, source.size) : source.size,
      hint: 'The file is damaged or was cut off: copy or download it again.',
    },
  );
}

/** A file opened for reading. */
class FileSource implements ByteSource {
  readonly path: string;
  readonly size: number;
  readonly #handle: FileHandle;

  get file(): number {
    return this.#handle.fd;
  }

  constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    checkRange(this, offset, target.length, 'The data');
    let done = 0;
    while (done < target.length) {
      const wanted = Math.min(maxRead, target.length - done);
      const { bytesRead } = await this.#read(target, done, wanted, offset + done);
      if (bytesRead === 0) throw endedEarly(this, offset + done);
      done += bytesRead;
    }
  }

  async #read(target: Uint8Array, at: number, length: number, position: number): Promise<{ bytesRead: number }> {
    try {
      return await this.#handle.read(target, at, length, position);
    } catch (cause) {
      throw unreadable(this, cause, position);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#handle.close();
    } catch (cause) {
      throw systemError('The file cannot be closed', this.path, cause);
    }
  }
}

/** What is said of a file that ends at a byte where it went on when it was opened. */
export function endedEarly({ path, size }: ByteSource, offset: number): CheckpointError {
  return new CheckpointError(`The file ended after ${offset} bytes; it had ${size} when it was opened.`, {
    path,
    offset,
    hint: 'Something else is writing to it.',
  });
}

/** What is said when the system refuses to read. */
export function unreadable({ path }: ByteSource, cause: unknown, offset: number): CheckpointError {
  return systemError('The file cannot be read', path, cause, offset);
}

/** Opens a file for reading by position. @throws CheckpointError when that fails or it is no regular file. */
export async function openFile(path: string): Promise<ByteSource> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK (which Windows lacks), opening a named pipe would wait for its writer.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await handle.stat();
    if (stats.isFile()) return new FileSource(path, stats.size, handle);
  } catch (cause) {
    await handle?.close().catch(() => undefined);
    throw systemError('The file cannot be opened', path, cause);
  }
  await handle.close();
  throw new CheckpointError('Expected a regular file, received something else.', { path });
}

/** A source over bytes in memory; `path` names it in messages. */
export function memorySource(bytes: Uint8Array, path: string): ByteSource {
  const source: ByteSource = {
    path,
    size: bytes.length,
    async readInto(target, offset) {
      checkRange(source, offset, target.length, 'The data');
      target.set(bytes.subarray(offset, offset + target.length));
    },
    async close() {},
  };
  return source;
}

/** Newly read bytes. The range is checked before anything is allocated. */
export async function readRange(source: ByteSource, offset: number, length: number, what: string): Promise<Uint8Array> {
  checkRange(source, offset, length, what);
  const bytes = allocateBytes(length, source.path);
  await source.readInto(bytes, offset);
  return bytes;
}

/** Bytes per step of `readWithCrc`: long enough to be fast, short enough not to hold up the event loop. */
const chunkBytes = 4 << 20;

/**
 * Fills `target` and returns a checksum of it, the CRC-32C unless told. The next chunk is read by the system while the checksum of the one
 * before is computed here. @throws ExecutionError (ERR_ABORTED) when the context's signal fires.
 */
export async function readWithCrc(
  source: ByteSource,
  target: Uint8Array,
  offset: number,
  context: ReadContext,
  checksum: (chunk: Uint8Array, before: number) => number = context.crc32c,
): Promise<number> {
  let crc = 0;
  let chunk = target.subarray(0, chunkBytes);
  await source.readInto(chunk, offset);
  for (let start = 0; start < target.length; ) {
    throwIfAborted(context.signal, source.path);
    const next = target.subarray(start + chunk.length, start + chunk.length + chunkBytes);
    const reading = source.readInto(next, offset + start + chunk.length);
    try {
      crc = checksum(chunk, crc);
    } finally {
      await reading;
    }
    start += chunk.length;
    chunk = next;
  }
  return crc;
}

/** @throws ExecutionError (ERR_ABORTED) when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, path: string): void {
  if (!signal?.aborted) return;
  throw new ExecutionError('Reading or writing the checkpoint was aborted.', {
    code: 'ERR_ABORTED',
    path,
    cause: signal.reason,
  });
}

/** A zeroed array. @throws CheckpointError (ERR_MEMORY) where there is no memory for it. */
export function allocateBytes(length: number, path: string): Uint8Array {
  try {
    return new Uint8Array(new ArrayBuffer(length));
  } catch (cause) {
    throw new CheckpointError(`${length} bytes of memory could not be allocated.`, { code: 'ERR_MEMORY', path, cause });
  }
}

/** A system call's failure as a CheckpointError with the system's own code in the message. */
export function systemError(what: string, path: string, cause: unknown, offset?: number): CheckpointError {
  const code = (cause as { code?: unknown } | null)?.code;
  const reason = typeof code === 'string' ? code : String((cause as { message?: unknown } | null)?.message ?? cause);
  const hint = systemHints[reason];
  return new CheckpointError(`${what} (${reason}).`, {
    path,
    cause,
    ...(offset === undefined ? {} : { offset }),
    ...(hint === undefined ? {} : { hint }),
  });
}

const systemHints: Readonly<Record<string, string>> = {
  ENOENT: 'There is no file of that name.',
  EACCES: 'Check the permissions of the file and its folder.',
  EPERM: 'Check the permissions of the file and its folder.',
  ENOSPC: 'The disk is full.',
  EDQUOT: 'The disk quota is used up.',
  EROFS: 'The file system is read-only.',
  EMFILE: 'Too many files are open: close readers that are no longer needed.',
  EISDIR: 'A folder has that name.',
  ENOTDIR: 'A part of the path is a file, not a folder.',
};
