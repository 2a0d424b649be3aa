/** Clients of others, in a Python environment that `scripts/clients/setup.sh` makes once for each machine. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const folder = join(__dirname, '..', '..', 'scripts', 'clients');

/** The interpreter; or null, with the reason printed, where there is no Python of a version that has the packages, or no registry. */
export function clientsPython(): string | null {
  const { status, stdout, stderr, error } = spawnSync(join(folder, 'setup.sh'), { encoding: 'utf8', timeout: 280_000 });
  if (status === 0) return stdout.trim();
  process.stderr.write(`Not run with clients of others: ${error?.message ?? stderr.trim()}\n`);
  return null;
}

/** Runs a client while this process serves it. @returns what it printed */
export function runClient(python: string, script: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [join(folder, script), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.stderr.on('data', (data) => {
      err += data;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`${script}: ${code}\n${err}`))));
  });
}
