/** Zip archives whose files stand in them as they are: what PyTorch, Keras and numpy make. */
import type { Readable } from 'node:stream';
import type { Entry, RandomAccessReader, ZipFile } from 'yauzl';
import { CheckpointError } from '../../errors.js';
import { type ByteSource, checkRange, readRange } from './byte_source.js';

/** A file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: number;
  /** CRC-32 of the contents. */
  readonly crc32: number;
  /** Where in the archive the contents begin. @throws CheckpointError where they are compressed, encrypted or not all there */
  offset(): Promise<number>;
}

/** More files than this are refused: a network has some hundred. */
const maxEntries = 200_000;

/** True when a source starts like a zip archive. */
export async function isZip(source: ByteSource): Promise<boolean> {
  if (source.size < 22) return false;
  const start = await readRange(source, 0, 4, 'The start of the file');
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;
}

/** The files of an archive by their names. @throws CheckpointError when it is damaged */
export async function openZip(source: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const yauzl = await import('yauzl');
  const damaged = (cause: unknown) =>
    new CheckpointError(
      `The zip archive is damaged: ${String((cause as { message?: unknown } | null)?.message ?? cause)}.`,
      {
        path: source.path,
        cause,
        hint: 'It was cut off or changed: copy or download it again.',
      },
    );
  const entries = new Map<string, ZipEntry>();
  try {
    const reader = readerOf(source, yauzl.RandomAccessReader);
    const archive = await yauzl.fromRandomAccessReaderPromise(reader, source.size, {
      lazyEntries: true,
      autoClose: false,
      strictFileNames: true,
    });
    if (archive.entryCount > maxEntries) throw new Error(`it says that it has ${archive.entryCount} files`);
    for await (const entry of archive.eachEntry()) {
      if (entries.has(entry.fileName)) throw new Error(`it has ${JSON.stringify(entry.fileName)} twice`);
      entries.set(entry.fileName, entryOf(source, archive, entry, damaged));
    }
  } catch (cause) {
    throw cause instanceof CheckpointError ? cause : damaged(cause);
  }
  return entries;
}

function entryOf(source: ByteSource, archive: ZipFile, entry: Entry, damaged: (cause: unknown) => Error): ZipEntry {
  const { fileName: name, uncompressedSize: bytes, crc32 } = entry;
  return {
    name,
    bytes,
    crc32,
    async offset() {
      if (entry.isEncrypted() || entry.compressionMethod !== 0) {
        throw new CheckpointError(
          `${name} is ${entry.isEncrypted() ? 'encrypted' : 'compressed'}; expected a file that is stored as it is.`,
          {
            path: source.path,
            hint: 'Save the weights anew: programs that write such files store what is in them as it is.',
          },
        );
      }
      let start: number;
      try {
        ({ fileDataStart: start } = await archive.readLocalFileHeaderPromise(entry, { minimal: true }));
      } catch (cause) {
        throw cause instanceof CheckpointError ? cause : damaged(cause);
      }
      checkRange(source, start, bytes, `The contents of ${name}`);
      return start;
    },
  };
}

/** The contents of a small file. @throws CheckpointError where it has more than `limit` bytes */
export async function readEntry(source: ByteSource, entry: ZipEntry, limit: number): Promise<Uint8Array> {
  if (entry.bytes > limit) {
    throw new CheckpointError(`Expected at most ${limit} bytes in ${entry.name}, received ${entry.bytes}.`, {
      path: source.path,
    });
  }
  return readRange(source, await entry.offset(), entry.bytes, `The contents of ${entry.name}`);
}

/** A source as what yauzl reads. It never asks for streams, which are for compressed files. */
function readerOf(source: ByteSource, Base: typeof RandomAccessReader): RandomAccessReader {
  class Reader extends Base {
    override read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      callback: (error: Error | null) => void,
    ): void {
      source.readInto(buffer.subarray(offset, offset + length), position).then(() => callback(null), callback);
    }

    override close(callback: (error: Error | null) => void): void {
      callback(null);
    }

    override _readStreamForRange(): Readable {
      throw new Error('files are read by position');
    }
  }
  return new Reader();
}
