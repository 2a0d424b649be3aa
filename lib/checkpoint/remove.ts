import { locate } from './locate.js';
import { dataFiles, removeFile } from './tensorflow/bundle_v2_shards.js';

/**
 * Deletes the files of a checkpoint; what is not there is no problem.
 * @param path as `openCheckpoint` takes it; a folder is left alone
 * @throws CheckpointError when the system refuses
 */
export async function removeCheckpoint(path: string): Promise<void> {
  for (const file of await filesOf(path)) await removeFile(file);
}

async function filesOf(path: string): Promise<readonly string[]> {
  const location = await locate(path);
  switch (location.kind) {
    case 'index':
      // The index goes first: without it the rest is no checkpoint.
      return [`${location.prefix}.index`, ...(await dataFiles(location.prefix)).map((file) => file.path)];
    case 'file':
      return [location.path];
    case 'shards':
      return location.paths;
    default:
      return [];
  }
}
