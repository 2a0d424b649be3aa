/** The data files of a V2 checkpoint. Which of them belong to it is said by its index alone. */
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemError } from '../files/byte_source.js';
import { listFolder } from '../locate.js';

interface DataFile {
  readonly path: string;
  /** The number of shards in its name. */
  readonly shards: number;
}

/** All data files of a prefix, whatever number of shards they are of. */
export async function dataFiles(prefix: string): Promise<readonly DataFile[]> {
  const start = `${basename(prefix)}.data-`;
  return (await listFolder(dirname(prefix))).flatMap((file) => {
    const match = file.startsWith(start) ? /^\d{5}-of-(\d{5})$/.exec(file.slice(start.length)) : null;
    return match === null ? [] : [{ path: join(dirname(prefix), file), shards: Number(match[1]) }];
  });
}

/** The smallest number of shards of which there are no data files. */
export async function freeShardCount(prefix: string): Promise<number> {
  const used = new Set((await dataFiles(prefix)).map(({ shards }) => shards));
  let count = 1;
  while (used.has(count)) count++;
  return count;
}

/** Removes the data files that an earlier checkpoint of the prefix, or a killed save, has left. @throws CheckpointError */
export async function removeOtherShards(prefix: string, shards: number): Promise<void> {
  for (const file of await dataFiles(prefix)) {
    if (file.shards !== shards) await removeFile(file.path);
  }
}

/** @throws CheckpointError when the system refuses; a file that is not there is no problem */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    throw systemError('The file cannot be deleted', path, cause);
  }
}
