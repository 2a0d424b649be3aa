/**
 * Files that appear whole or not at all: written under a temporary name in the same folder, synchronised to the disk,
 * renamed, and the folder synchronised. Temporary files are removed when anything fails; those of a process that was killed
 * are removed by the next write of the same file.
 */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder, removeMadeFolders } from '../../core/make_folder.js';
import { CheckpointError } from '../../errors.js';
import { FileSink } from './byte_sink.js';
import { systemError } from './byte_source.js';
import { removeAbandoned, temporaryPath } from './temporary_files.js';

interface Pending {
  readonly path: string;
  readonly temporary: string;
  readonly handle: FileHandle;
  readonly sink: FileSink;
}

/** Files under their temporary names, which appear under their own, or are gone. */
export interface PendingFiles {
  /** One for each path. */
  readonly sinks: readonly FileSink[];
  /**
   * Gives the files their names, in the order of the paths, and only after all of them are safely on the disk; the last one only after
   * the names of the others are as well: whoever finds the last file finds all of them.
   * @throws CheckpointError when the system refuses; then the files are gone
   */
  commit(): Promise<void>;
  /** Removes them. */
  discard(): Promise<void>;
}

/**
 * Begins one or several files; missing folders are created. That it returns shows that there is a place for them.
 * @throws CheckpointError when the system refuses
 */
async function beginFiles(paths: readonly string[], signal?: AbortSignal): Promise<PendingFiles> {
  const pending: Pending[] = [];
  const discard = async () => {
    for (const { handle, temporary } of pending) {
      // Closed or renamed already: nothing is left to clean up, and the first error is the one to report.
      await handle.close().catch(() => undefined);
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  };
  const orDiscard = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      await discard();
      throw error;
    }
  };
  await orDiscard(async () => {
    for (const path of paths) pending.push(await create(path, signal));
  });
  return {
    sinks: pending.map(({ sink }) => sink),
    commit: () =>
      orDiscard(async () => {
        for (const { path, sink, handle } of pending) {
          await sink.flush();
          await attempt('The file cannot be synchronised to the disk', path, () => handle.sync());
          await attempt('The file cannot be closed', path, () => handle.close());
        }
        await giveNames(pending.slice(0, -1));
        await giveNames(pending.slice(-1));
      }),
    discard,
  };
}

/**
 * Writes one or several files, all of them or none. `body` gets one sink for each path.
 * @returns what `body` returns.
 * @throws CheckpointError when the system refuses; whatever `body` throws.
 */
export async function writeAtomically<T>(
  paths: readonly string[],
  body: (sinks: readonly FileSink[]) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const files = await beginFiles(paths, signal);
  let result: T;
  try {
    result = await body(files.sinks);
  } catch (error) {
    await files.discard();
    throw error;
  }
  await files.commit();
  return result;
}

/** Shows before long work that its result can be written. @throws CheckpointError when the system refuses */
export async function assertPlace(path: string): Promise<void> {
  const files = await beginFiles([path]);
  await files.discard();
}

/** Writes one file from bytes in memory. @throws CheckpointError when the system refuses. */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  await writeAtomically([path], async (sinks) => {
    for (const sink of sinks) await sink.write([bytes]);
  });
}

/** Renames finished files, and has the system remember their names. */
async function giveNames(finished: readonly Pending[]): Promise<void> {
  for (const { path, temporary } of finished) {
    await attempt('The finished file cannot be given its name', path, () => rename(temporary, path));
  }
  for (const folder of new Set(finished.map(({ path }) => dirname(path)))) await syncFolder(folder);
}

async function create(path: string, signal: AbortSignal | undefined): Promise<Pending> {
  const folder = dirname(path);
  const made = await attempt('The folder cannot be created', folder, () => makeFolder(folder));
  try {
    await assertName(path);
    await removeAbandoned(path);
    const temporary = temporaryPath(path);
    const handle = await attempt('The file cannot be created', path, () => open(temporary, 'wx'));
    return { path, temporary, handle, sink: new FileSink(handle, path, signal) };
  } catch (error) {
    await removeMadeFolders(made, folder);
    throw error;
  }
}

/** Temporary names are short: that a file cannot have its own would show only once all is written. */
async function assertName(path: string): Promise<void> {
  const existing = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENAMETOOLONG') throw systemError('The file cannot be created', path, cause);
    return null;
  });
  // Renaming onto a device or pipe (/dev/null, /dev/stdout) would put a file in its place.
  if (existing !== null && !existing.isFile())
    throw new CheckpointError('Expected the name of a file, this is a folder, device or pipe.', { path });
}

/** Without this a crash could forget the rename. Systems that cannot synchronise folders do not need it. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'EISDIR' && code !== 'EPERM' && code !== 'EINVAL' && code !== 'EACCES') {
      throw systemError('The folder cannot be synchronised to the disk', folder, cause);
    }
  } finally {
    await handle?.close();
  }
}

async function attempt<T>(what: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw systemError(what, path, cause);
  }
}
