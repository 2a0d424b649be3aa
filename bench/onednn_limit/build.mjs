// Compiles onednn_limit against the oneDNN that the addon is built with.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureOneDnn } from '../../scripts/lib/onednn_build.mjs';

const source = fileURLToPath(new URL('onednn_limit.cc', import.meta.url));

/** @returns the program's path */
export async function buildLimit(folder) {
  const program = join(folder, 'onednn_limit');
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
