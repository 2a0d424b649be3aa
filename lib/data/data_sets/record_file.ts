/** The records of a TensorFlow record file by number: found once, read when they are wanted. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DataError, ImageError, systemReason } from '../../errors.js';
import { maskCrc } from '../../formats/crc32c.js';
import { loadAddon } from '../../native/binding.js';

const lengthBytes = 8;
const crcBytes = 4;
const headBytes = lengthBytes + crcBytes;
/** Heads are looked for in pieces of this size, where records are shorter. */
const pieceBytes = 1 << 16;
/** No record of an image is longer. */
const maxRecordBytes = 1 << 30;

/** Where the records of a file are. */
export interface RecordFile {
  readonly path: string;
  /** Another one once the file has been written to. */
  readonly version: string;
  /** Position and length of the bytes of each record. */
  readonly offsets: Float64Array;
  readonly lengths: Uint32Array;
}

/**
 * Finds the records of a file by their lengths, whose checksums are verified; the records themselves are not read.
 * @throws DataError when it cannot be read, is damaged or is no record file; the signal's reason when aborted
 */
export async function openRecordFile(path: string, signal?: AbortSignal): Promise<RecordFile> {
  return withFile(path, fail(path), async (file) => {
    const { size, mtimeMs } = await file.stat();
    const piece = new Uint8Array(pieceBytes);
    const offsets: number[] = [];
    const lengths: number[] = [];
    // What of the file is in `piece`.
    let begin = 0;
    let end = 0;
    for (let at = 0; at < size; ) {
      if (at < begin || at + headBytes > end) {
        signal?.throwIfAborted();
        if (size - at < headBytes) throw damaged(path, at, 'a record is cut off within its length');
        // Long records are skipped by their heads alone.
        const wanted = (lengths.at(-1) ?? 0) > pieceBytes / 2 ? headBytes : Math.min(pieceBytes, size - at);
        await readFully(file, path, piece.subarray(0, wanted), at);
        begin = at;
        end = at + wanted;
      }
      const length = recordLength(piece.subarray(at - begin, at - begin + headBytes), path, at);
      if (at + headBytes + length + crcBytes > size)
        throw damaged(path, at, `a record of ${length} bytes is cut off: the file has ${size} bytes`);
      offsets.push(at + headBytes);
      lengths.push(length);
      at += headBytes + length + crcBytes;
    }
    return {
      path,
      version: `${size}:${mtimeMs}`,
      offsets: Float64Array.from(offsets),
      lengths: Uint32Array.from(lengths),
    };
  });
}

/**
 * The bytes of record `index`, its checksum verified.
 * @throws ImageError when it is damaged; DataError when the file cannot be read any more
 */
export async function readRecord({ path, offsets, lengths }: RecordFile, index: number): Promise<Uint8Array> {
  const offset = offsets[index] as number;
  const length = lengths[index] as number;
  const bytes = new Uint8Array(length + crcBytes);
  await withFile(path, fail(path), (file) => readFully(file, path, bytes, offset));
  const record = bytes.subarray(0, length);
  const stored = new DataView(bytes.buffer).getUint32(length, true);
  if (maskCrc(loadAddon().crc32c(record)) !== stored)
    throw new ImageError(`The checksum of record ${index} is wrong.`, { path, offset });
  return record;
}

function recordLength(head: Uint8Array, path: string, at: number): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (maskCrc(loadAddon().crc32c(head.subarray(0, lengthBytes))) !== view.getUint32(lengthBytes, true)) {
    if (at > 0) throw damaged(path, at, "the checksum of a record's length is wrong");
    const isGzip = head[0] === 0x1f && head[1] === 0x8b;
    throw new DataError(isGzip ? 'The file is compressed (gzip).' : 'This is no file of TensorFlow records.', {
      path,
      hint: isGzip ? 'unpack it: gunzip.' : 'expected files as TFRecordWriter writes them, without compression.',
    });
  }
  const length = view.getBigUint64(0, true);
  if (length > BigInt(maxRecordBytes))
    throw damaged(path, at, `a record has ${length} bytes, the limit is ${maxRecordBytes}`);
  return Number(length);
}

function damaged(path: string, offset: number, what: string): DataError {
  return new DataError(`The file is damaged: ${what}.`, { path, offset, hint: 'copy or download it again.' });
}

async function readFully(file: FileHandle, path: string, target: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await file.read(target, done, target.length - done, offset + done);
    if (bytesRead === 0) throw damaged(path, offset + done, 'it ends early');
    done += bytesRead;
  }
}

function fail(path: string): (cause: unknown) => DataError {
  return (cause) => new DataError(`The file cannot be read: ${systemReason(cause)}.`, { path, cause });
}

async function withFile<T>(
  path: string,
  failure: (cause: unknown) => DataError,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK (which Windows lacks), opening a named pipe would wait for its writer.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw failure(cause);
  }
  try {
    return await use(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw failure(error);
    throw error;
  } finally {
    await file.close();
  }
}
