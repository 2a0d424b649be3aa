// Starts a driver as a process of its own, pinned to processors, and gives its one line of JSON.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment, lastLine } from './environments.mjs';

const drivers = fileURLToPath(new URL('drivers', import.meta.url));
const timeoutMs = 30 * 60 * 1000;

/** The line of a Node.js or Python trace that says what went wrong. */
export function reasonOf(stderr) {
  return /^\w*Error\b.*/m.exec(stderr)?.[0] ?? lastLine(stderr);
}

/** What a finished driver printed, or `{ failed: reason }`. */
export function resultOf({ status, signal, error, stdout, stderr }) {
  if (error !== undefined) return { failed: error.message };
  if (status !== 0) return { failed: reasonOf(stderr) || `ended with ${status ?? signal}` };
  try {
    return JSON.parse(lastLine(stdout));
  } catch {
    return { failed: `expected a line of JSON, received ${JSON.stringify(lastLine(stdout).slice(0, 100))}` };
  }
}

/**
 * @param pin processors, as `taskset -c` takes them
 * @param files network -> paths (prepare.mjs)
 * @param print told once a peer cannot be set up
 * @returns an asynchronous function (subject, task) -> result, `{ unavailable }` or `{ failed }`
 */
export function makeDrive({ pin, threads, files, print }) {
  return async (subject, { timeout = timeoutMs, ...task }) => {
    const { command, env = {}, task: more = {}, unavailable } = await environment(subject.environment, print);
    if (unavailable !== undefined) return { unavailable };
    const full = { ...files[task.network], threads, ...subject.options, ...more, ...task, begun: Date.now() };
    const driver = join(drivers, task.driver ?? subject.driver);
    const run = spawnSync('taskset', ['-c', pin, ...command, driver, JSON.stringify(full)], {
      encoding: 'utf8',
      maxBuffer: 64 * 2 ** 20,
      timeout,
      killSignal: 'SIGKILL',
      env: { ...process.env, ...env },
    });
    return resultOf(run);
  };
}
