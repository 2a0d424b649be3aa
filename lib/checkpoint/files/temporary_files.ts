/** Names of files that are being written, from which one can tell whether anybody still writes them. */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** `.slimnet-<of which file>-<host>-<process>-<random>.tmp`: hashes, since a file name has at most 255 bytes. */
const namePattern = /^\.slimnet-([0-9a-f]{12})-([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{8}\.tmp$/;

const digest = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits);

/** A fresh name in the folder of `path`, for what will be renamed to `path`. */
export function temporaryPath(path: string): string {
  const [file, host] = [digest(basename(path), 12), digest(hostname(), 8)];
  return join(dirname(path), `.slimnet-${file}-${host}-${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
}

/**
 * Removes temporary files of `path` whose process is gone: it was killed. Those of other hosts, which may share the folder, stay.
 * What the system refuses is left alone: no save fails because of old litter.
 */
export async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  const [file, host] = [digest(basename(path), 12), digest(hostname(), 8)];
  for (const name of await readdir(folder).catch(() => [])) {
    const [, itsFile, itsHost, process] = namePattern.exec(name) ?? [];
    if (itsFile !== file || itsHost !== host || isAlive(Number(process))) continue;
    await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's process.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
