import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ImageError, systemReason } from '../errors.js';

/** Largest file that is read, in bytes. */
export const maxFileBytes = 512 * 2 ** 20;

/** What is said of a string that is the address or the content of an image. */
const notAPath = 'a string is the path of a file; give what a URL stands for as bytes.';

/**
 * The bytes of an image file.
 * @throws ImageError when it is missing, not a file, empty, or over `maxFileBytes`; the signal's reason when aborted
 */
export async function readImageFile(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  if (path === '') throw new ImageError('Expected the path of an image, received an empty string.');
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
    throw new ImageError(`The file cannot be read: ${systemReason(error)}.`, {
      path,
      cause: error,
      ...(/^(data|https?|blob):/i.test(path) ? { hint: notAPath } : {}),
    });
  } finally {
    await file?.close();
  }
}
