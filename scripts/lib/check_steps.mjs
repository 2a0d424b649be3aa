/** The checks that need no addon: lint, format, types, layers, generated code. Each is one `{name, run}`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from './hash.mjs';
import { root } from './paths.mjs';
import { run } from './process.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
/** Colours are for terminals: in a log, the codes of one difference in format fill pages. */
const plain = process.stderr.isTTY !== true;
const execute = async (command, args) =>
  (await run(command, args, { cwd: root, check: false, env: plain ? { NO_COLOR: '1' } : undefined })) === 0;

/** C++ files that are formatted by clang-format: all but generated ones. */
function cppFiles() {
  return ['native', 'test/native', 'test/fuzz']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => listFiles(join(root, folder)).map((file) => join(folder, file)))
    .filter((file) => /\.(cc|h|cu)$/.test(file) && !file.endsWith('.gen.h'));
}

/** @param {{fix?: boolean}} options with `fix`, what can be mended is mended. */
export function checks({ fix = false } = {}) {
  return [
    {
      name: 'biome (lint and format of TypeScript, JavaScript, JSON)',
      run: () =>
        execute(bin('biome'), [
          ...(fix ? ['check', '--write'] : ['ci']),
          '--error-on-warnings',
          ...(plain ? ['--colors=off'] : []),
        ]),
    },
    {
      name: 'clang-format (format of C++)',
      run: () => execute(bin('clang-format'), [...(fix ? ['-i'] : ['--dry-run', '--Werror']), ...cppFiles()]),
    },
    {
      name: 'tsc (types)',
      run: () => execute(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--noEmit']),
    },
    {
      name: 'tsc (types of the page, which runs in browsers)',
      run: () =>
        execute(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(root, 'web')]),
    },
    {
      name: 'layers (who may import whom)',
      run: () => execute(process.execPath, [join(root, 'scripts', 'check_layers.mjs')]),
    },
    {
      name: 'generated code (native/gen is what lib/ops says)',
      run: () => execute(process.execPath, [join(root, 'scripts', 'gen_ops.mjs'), ...(fix ? [] : ['--check'])]),
    },
  ];
}

/** Runs all checks, printing one line for each. Returns `{passed, failed, failures}`. */
export async function runChecks(options, print, steps = checks(options)) {
  const count = { passed: 0, failed: 0, failures: [] };
  for (const check of steps) {
    const ok = await check.run();
    count[ok ? 'passed' : 'failed'] += 1;
    if (!ok) count.failures.push(`check: ${check.name}`);
    print(`${ok ? 'ok     ' : 'FAILED '} ${check.name}`);
  }
  return count;
}
