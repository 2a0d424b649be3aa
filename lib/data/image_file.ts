import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ImageError } from '../errors.js';

/** Largest file that is read, in bytes. */
export const maxFileBytes = 512 * 2 ** 20;

/**
 * The bytes of an image file.
 * @throws ImageError when it is missing, not a file, empty, or over `maxFileBytes`; the signal's reason when aborted
 */
export async function readImageFile(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK (which Windows lacks), opening a named pipe would wait for its writer.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const info = await file.stat();
    if (!info.isFile()) {
      throw new ImageError(`Expected a file, this is ${info.isDirectory() ? 'a folder' : 'a device or pipe'}.`, {
        path,
      });
    }
    if (info.size > maxFileBytes)
      throw new ImageError(`The file has ${info.size} bytes, the limit is ${maxFileBytes}.`, { path });
    const bytes = await file.readFile(signal === undefined ? {} : { signal });
    if (bytes.length === 0) throw new ImageError('The file is empty (0 bytes).', { path });
    return bytes;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ImageError) throw error;
    throw new ImageError(`The file cannot be read: ${reason(error)}.`, { path, cause: error });
  } finally {
    await file?.close();
  }
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'permission was refused';
  return error instanceof Error ? error.message : String(error);
}
