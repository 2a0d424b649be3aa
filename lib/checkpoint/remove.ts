import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemError } from './files/byte_source.js';
import { listFolder, locate } from './locate.js';

/**
 * Deletes the files of a checkpoint; what is not there is no problem.
 * @param path as `openCheckpoint` takes it; a folder is left alone
 * @throws CheckpointError when the system refuses
 */
export async function removeCheckpoint(path: string): Promise<void> {
  for (const file of await filesOf(path)) {
    try {
      await rm(file, { force: true });
    } catch (cause) {
      throw systemError('The checkpoint cannot be deleted', file, cause);
    }
  }
}

async function filesOf(path: string): Promise<readonly string[]> {
  const location = await locate(path);
  switch (location.kind) {
    case 'index': {
      const start = `${basename(location.prefix)}.data-`;
      const data = (await listFolder(dirname(location.prefix))).filter(
        (file) => file.startsWith(start) && /^\d{5}-of-\d{5}$/.test(file.slice(start.length)),
      );
      // The index goes first: without it the rest is no checkpoint.
      return [`${location.prefix}.index`, ...data.map((file) => join(dirname(location.prefix), file))];
    }
    case 'file':
      return [location.path];
    case 'shards':
      return location.paths;
    default:
      return [];
  }
}
