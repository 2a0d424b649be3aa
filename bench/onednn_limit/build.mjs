// Compiles the limit programs against the oneDNN that the addon is built with.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureOneDnn } from '../../scripts/lib/onednn_build.mjs';

async function build(folder, name) {
  const source = fileURLToPath(new URL(`${name}.cc`, import.meta.url));
  const program = join(folder, name);
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  const onednn = await ensureOneDnn({});
  mkdirSync(folder, { recursive: true });
  execFileSync(
    'g++',
    [
      '-O2',
      '-std=c++20',
      source,
      `-I${join(onednn, 'include')}`,
      join(onednn, 'lib', 'libdnnl.a'),
      '-lpthread',
      '-ldl',
      '-o',
      program,
    ],
    { stdio: 'inherit' },
  );
  return program;
}

/** @returns the programs' paths: `limit` for inference, `limitOfTraining` */
export async function buildLimits(folder) {
  return { limit: await build(folder, 'onednn_limit'), limitOfTraining: await build(folder, 'onednn_limit_train') };
}
