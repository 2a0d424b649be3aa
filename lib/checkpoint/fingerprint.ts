/** Whether a checkpoint is still the one that it was. */
import { stat } from 'node:fs/promises';
import { locate } from './locate.js';
import { checkpointOfFolder } from './open.js';

/**
 * Text that changes when a path stands for another checkpoint, or the files of it were written anew: for those who look now and then. The
 * contents are not read. null: there is none.
 */
export async function checkpointFingerprint(path: string): Promise<string | null> {
  const location = await locate(path);
  switch (location.kind) {
    case 'none':
      return null;
    case 'folder': {
      const inner = await checkpointOfFolder(path);
      return inner === null || inner === path ? null : checkpointFingerprint(inner);
    }
    case 'index':
      return marks([`${location.prefix}.index`]);
    case 'file':
      return marks([location.path]);
    case 'shards':
      return marks(location.paths);
  }
}

async function marks(paths: readonly string[]): Promise<string | null> {
  try {
    const files = await Promise.all(paths.map(async (path) => ({ path, ...(await stat(path, { bigint: true })) })));
    return files.map(({ path, ino, size, mtimeNs }) => `${path} ${ino} ${size} ${mtimeNs}`).join('\n');
  } catch (error) {
    // Replaced at this very moment: the next look will tell.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
