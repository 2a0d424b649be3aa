import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that are missing. Node's recursive `mkdir` never ends where a folder that is there says of a new one that
 * there is no such folder: below /proc, or in a working directory that was removed.
 * @returns the topmost folder that was made, for `removeMadeFolders`; null where all were there
 * @throws the system's error; then those that were made are gone again
 */
export async function makeFolder(path: string): Promise<string | null> {
  try {
    await mkdir(path);
    return path;
  } catch (error) {
    if (await isFolder(path)) return null;
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    const first = await makeFolder(parent);
    try {
      await makeFolderIn(path);
    } catch (cause) {
      await removeMadeFolders(first, parent);
      throw cause;
    }
    return first ?? path;
  }
}

/**
 * Takes back what `makeFolder(path)` did, which returned `first`: for a file that then could not be made. A folder in which others have put
 * something by now stays, and so do those above it.
 */
export async function removeMadeFolders(first: string | null, path: string): Promise<void> {
  if (first === null) return;
  try {
    for (let folder = path; ; folder = dirname(folder)) {
      await rmdir(folder);
      if (folder === first) return;
    }
  } catch {
    // What is left is empty or somebody else's: the error that led here is the one to report.
  }
}

/** Once the parent is there, nobody but another process may have been quicker. */
async function makeFolderIn(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}
