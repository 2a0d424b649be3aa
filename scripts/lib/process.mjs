/** Child processes for the scripts: Node built-ins only, so that they work before `npm ci`. */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, createWriteStream, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { SetupError } from './console.mjs';

/** The absolute path of a program on PATH, or null. */
export function which(program, path = process.env.PATH ?? '') {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, program);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return candidate;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** Runs a program quietly. Returns `{status, stdout, stderr}`; status is null when it could not be started. */
export function capture(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...options });
  return { status: result.error ? null : result.status, stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
}

/**
 * Runs a program and waits for it. Its stdout goes to our stderr, or line by line to `onLine` and into `logFile`.
 * Resolves with the exit status; with `check` (the default) a failure is a SetupError.
 */
export function run(command, args, { cwd, env, onLine, logFile, check = true, stdio } = {}) {
  return new Promise((resolve, reject) => {
    const piped = onLine !== undefined || logFile !== undefined;
    const child = spawn(command, args, {
      cwd,
      env: env ? { ...process.env, ...env } : process.env,
      stdio: stdio ?? (piped ? ['ignore', 'pipe', 'pipe'] : ['ignore', 2, 2]),
    });
    const log = logFile ? createWriteStream(logFile, { flags: 'a' }) : null;
    for (const stream of piped ? [child.stdout, child.stderr] : []) {
      createInterface({ input: stream }).on('line', (line) => {
        log?.write(`${line}\n`);
        onLine?.(line);
      });
    }
    child.on('error', (error) => {
      log?.end();
      reject(new SetupError(`cannot start ${command}: ${error.message}`));
    });
    child.on('close', (status, signal) => {
      log?.end();
      if (check && status !== 0) {
        const how = signal ? `was ended by ${signal}` : `failed with status ${status}`;
        reject(
          new SetupError(`\`${[command, ...args].join(' ')}\` ${how}${logFile ? `; its output is in ${logFile}` : ''}`),
        );
      } else {
        resolve(status ?? 1);
      }
    });
  });
}
