/** What may stand in the way of files that are to be written. */
import { ArgumentError, advice } from '../../errors.js';
import { identity } from './file_identity.js';

/**
 * Checks files before anything is written to them.
 * @param sources files that are read meanwhile: none of them may be written, under whatever name
 * @throws ArgumentError when a file exists and may not be replaced, or is a folder or one of the sources
 */
export async function assertWritable(
  files: readonly string[],
  sources: readonly string[],
  overwrite: boolean,
): Promise<void> {
  const read = new Map<string, string>();
  for (const source of sources) read.set((await identity(source))?.id ?? '', source);
  for (const file of files) {
    const found = await identity(file);
    if (found === null) continue;
    if (found.isFolder) throw folderError(file);
    if (read.has(found.id))
      throw new ArgumentError('This is the source itself: write to another name.', { path: file });
    if (!overwrite) {
      throw new ArgumentError('The file exists already.', {
        path: file,
        hint: advice`have it replaced: ${['overwrite', true]}.`,
      });
    }
  }
}

/** @throws ArgumentError when the path is a folder, into which a prefix of several files would not lead */
export async function assertNoFolder(path: string): Promise<void> {
  if ((await identity(path))?.isFolder === true) throw folderError(path);
}

function folderError(path: string): ArgumentError {
  return new ArgumentError('A folder has that name.', {
    path,
    hint: 'give the name of the checkpoint to write as well.',
  });
}
