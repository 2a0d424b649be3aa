/** A lock between processes: a file that appears with its content, and names its holder. */
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, as the system tells it: tells it from a later one of the same number. */
  readonly started: string | null;
}

function startTime(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function isAlive({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return started === null || startTime(pid) === started;
}

function holderOf(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

let count = 0;

/** Takes the lock if nobody has it. One whose holder has died is taken over. */
function tryLock(path: string): boolean {
  const own = `${path}.${process.pid}.${count++}`;
  writeFileSync(
    own,
    JSON.stringify({ pid: process.pid, host: hostname(), started: startTime(process.pid) } satisfies Holder),
  );
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        // A link, unlike an exclusive creation, appears with its content: nobody reads a half-written lock.
        linkSync(own, path);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const before = statSync(path, { throwIfNoEntry: false });
      const holder = holderOf(path);
      if (before === undefined || (holder !== null && isAlive(holder))) return false;
      if (!removeStale(path, before.ino)) return false;
    }
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Moves a lock away whose holder has died; of several who try, one succeeds. */
function removeStale(path: string, inode: number): boolean {
  const stale = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, stale);
  } catch {
    return false;
  }
  const isIt = statSync(stale).ino === inode;
  if (!isIt) {
    // Somebody took it over in between: it is given back, unless a third one has it by now.
    try {
      linkSync(stale, path);
    } catch {
      // That one will release it.
    }
  }
  rmSync(stale, { force: true });
  return isIt;
}

/** How others are waited for. */
export interface LockOptions {
  readonly signal: AbortSignal | undefined;
  /** Called once, with the process that has the lock, where there is another. */
  readonly onWait: ((holder: string) => void) | undefined;
  readonly pollMs?: number;
}

/** Runs `body` while no other process, or other call of this one, holds the lock at `path`. */
export async function withFileLock<T>(
  path: string,
  { signal, onWait, pollMs = 250 }: LockOptions,
  body: () => Promise<T>,
): Promise<T> {
  let told = false;
  while (!tryLock(path)) {
    signal?.throwIfAborted();
    const holder = holderOf(path);
    if (!told && holder !== null) onWait?.(`process ${holder.pid} on ${holder.host}`);
    told = true;
    await sleep(pollMs, undefined, { ...(signal ? { signal } : {}) });
  }
  try {
    return await body();
  } finally {
    rmSync(path, { force: true });
  }
}
