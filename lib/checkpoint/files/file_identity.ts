import { stat } from 'node:fs/promises';
import { systemError } from './byte_source.js';

/** What a path leads to. */
export interface FileIdentity {
  /** The same for all names of one file. */
  readonly id: string;
  /** Another one for a file that has taken the first one's name, or was written to. */
  readonly version: string;
  readonly isFolder: boolean;
}

/** What a path leads to, through whatever links; null where there is nothing. @throws CheckpointError when the system refuses */
export async function identity(path: string): Promise<FileIdentity | null> {
  try {
    const found = await stat(path, { bigint: true });
    const id = `${found.dev}:${found.ino}`;
    return { id, version: `${id}:${found.mtimeNs}`, isFolder: found.isDirectory() };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw systemError('The file cannot be looked up', path, cause);
  }
}
