import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

/** The root of the source tree. */
export const root = resolve(__dirname, '..', '..');

export interface ChildResult {
  readonly status: number | null;
  /** The signal that ended it, such as SIGSEGV, or SIGTERM when it took too long; null when it exited. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export function runChild(command: string, args: readonly string[], cwd = root, timeout = 60_000): ChildResult {
  const { SLIMNET_ADDON: _inherited, NODE_OPTIONS: _options, ...env } = process.env;
  const { status, signal, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout, env });
  return { status, signal, stdout, stderr };
}

/** Runs a JavaScript text in a Node of its own, as an ECMAScript module or as CommonJS. */
export function runNode(kind: 'module' | 'commonjs', code: string, cwd = root): ChildResult {
  return runChild(process.execPath, [`--input-type=${kind}`, '--eval', code], cwd);
}
