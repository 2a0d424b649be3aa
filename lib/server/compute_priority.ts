/** The priority of threads that compute, below that of the event loop, which waits for a core behind them otherwise. */
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { checkInteger } from '../core/options.js';
import { ArgumentError } from '../errors.js';

/** Threads of the engine that compute runs, by the names that they give themselves (native/runtime/own_thread.h). */
const computes = /^slimnet-(run|worker)\n?$/;
const threads = '/proc/self/task';

/**
 * Gives the engine's threads that compute a niceness from 0 to 19: all that the process has now. They do not get it back without rights of
 * the system's. Linux alone knows priorities of single threads.
 * @throws ArgumentError
 */
export function lowerComputePriority(niceness: number): void {
  checkComputeNiceness(niceness);
  for (const name of readdirSync(threads)) {
    try {
      if (computes.test(readFileSync(`${threads}/${name}/comm`, 'utf8'))) setPriority(Number(name), niceness);
    } catch (cause) {
      if (!hasEnded(cause))
        throw new ArgumentError(`computeNiceness: the system refuses ${niceness} to a thread.`, {
          cause,
          hint: 'threads that are nicer already cannot become less so.',
        });
    }
  }
}

/** @throws ArgumentError */
export function checkComputeNiceness(niceness: number): void {
  checkInteger('startServer', 'computeNiceness', niceness, 0, 19);
  if (process.platform !== 'linux')
    throw new ArgumentError('computeNiceness: only Linux has priorities of single threads.');
}

function hasEnded(error: unknown): boolean {
  const { code, info } = error as NodeJS.ErrnoException & { readonly info?: { readonly code?: string } };
  return [code, info?.code].some((each) => each === 'ENOENT' || each === 'ESRCH');
}
