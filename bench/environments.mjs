// What the drivers need, made when it is missing. A failure is a reason, not an end: the subject's rows say it.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modulesMatchLock } from '../scripts/lib/steps.mjs';
import { buildLimits } from './onednn_limit/build.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const golden = join(here, '..', 'scripts', 'golden');

/** The last line that says something. */
export function lastLine(text) {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}

function execute(command, args, cwd) {
  const run = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) throw new Error(lastLine(run.stderr) || `${command} ended with ${run.status ?? run.signal}`);
  return run.stdout;
}

/** Command and environment variables of a Python driver: without the drivers' own folder, whose names are those of packages. */
function python(setup) {
  const interpreter = lastLine(execute('bash', [setup]));
  const path = [join(here, 'python'), golden].join(':');
  return { command: [interpreter, '-P'], env: { PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: '1' } };
}

const node = { command: [process.execPath] };
const makers = {
  npm: () => {
    const read = (...path) => JSON.parse(readFileSync(join(here, ...path), 'utf8'));
    const installed = ['node_modules', '.package-lock.json'];
    if (!existsSync(join(here, ...installed)) || !modulesMatchLock(read('package-lock.json'), read(...installed)))
      execute('npm', ['ci', '--no-audit', '--no-fund'], here);
    return node;
  },
  tensorflow: () => python(join(golden, 'setup.sh')),
  torch: () => python(join(golden, 'setup_torch.sh')),
  openvino: () => python(join(here, 'python', 'setup_openvino.sh')),
  onednn: async () => ({ ...node, task: await buildLimits(join(here, '..', 'build', 'bench')) }),
};

const made = new Map();

/**
 * Makes an environment, once.
 * @param name undefined for what this checkout has itself
 * @returns `{ command, env?, task? }`, or `{ unavailable: reason }`
 */
export async function environment(name, print) {
  if (name === undefined) return node;
  if (!made.has(name)) {
    print(`${name}: looking for what it needs; the first time it is installed, which takes minutes`);
    try {
      made.set(name, await makers[name]());
    } catch (error) {
      const unavailable = `cannot be set up: ${error.message}`;
      print(`${name}: ${unavailable}`);
      made.set(name, { unavailable });
    }
  }
  return made.get(name);
}
