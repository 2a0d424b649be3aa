/** A lock between processes: a file that is created exclusively and names its holder. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './console.mjs';

/** When the process `pid` started, as the system tells it, or null. Tells a process from a later one of the same number. */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function isAlive({ pid, host, started }) {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
  return started === null || startTime(pid) === started;
}

function readHolder(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** Takes the lock if nobody has it. A lock whose holder has died is taken over. Returns whether it was taken. */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, host: hostname(), started: startTime(process.pid) }));
  try {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      try {
        // A link, unlike an exclusive create, appears with its content: nobody can read a half-written lock.
        linkSync(own, path);
        return true;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const before = statSync(path, { throwIfNoEntry: false });
      const holder = readHolder(path);
      if (!before || (holder && isAlive(holder))) return false;
      // Moving the stale lock away is atomic: of several waiters one gets it, and the others find a new lock or none.
      const stale = `${path}.stale.${process.pid}`;
      try {
        renameSync(path, stale);
      } catch {
        return false;
      }
      if (statSync(stale).ino !== before.ino) {
        // Somebody took it over in between: give it back.
        try {
          linkSync(stale, path);
        } catch {
          // A third process has the lock now, and will release it.
        }
        rmSync(stale, { force: true });
        return false;
      }
      rmSync(stale, { force: true });
    }
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Runs `body` while holding the lock; waits for another holder, saying so once. */
export async function withLock(path, what, body, { pollMs = 1000 } = {}) {
  let told = false;
  while (!tryLock(path)) {
    if (!told) {
      say(`waiting: another process (${readHolder(path)?.pid ?? 'unknown'}) is busy with ${what}`);
      told = true;
    }
    await sleep(pollMs);
  }
  try {
    return await body();
  } finally {
    rmSync(path, { force: true });
  }
}
