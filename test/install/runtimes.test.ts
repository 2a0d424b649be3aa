import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../scripts/lib/paths.mjs';
import { root, runChild } from './support.js';

/** Runtimes besides Node, as the registry has them: what npm would choose among for their own packages. */
const runtimes = {
  bun: { package: '@oven/bun-linux-x64', version: '1.4.5', program: 'bin/bun', args: ['run'] },
  deno: {
    package: '@deno/linux-x64-glibc',
    version: '2.9.6',
    program: 'deno',
    args: ['run', '--allow-all', '--quiet'],
  },
} as const;

/** The program of a runtime, which is installed into the cache once. */
function programOf({ package: name, version, program }: (typeof runtimes)[keyof typeof runtimes]): string {
  const folder = join(cacheFolder(), 'runtimes', `${name.replace(/\W+/g, '_')}-${version}`);
  const path = join(folder, 'node_modules', name, program);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', `${name}@${version}`];
    expect(runChild('npm', args, folder, 240_000)).toMatchObject({ status: 0 });
    chmodSync(path, 0o755);
  }
  return path;
}

const smoke = join(root, 'test', 'install', 'fixtures', 'smoke.mjs');
const expected = {
  status: 0,
  signal: null,
  stdout: 'classified\nAbortError\nERR_CHECKPOINT\n',
  stderr: '',
};

test('Node imports, classifies, aborts and ends', () => {
  expect(runChild(process.execPath, [smoke])).toEqual(expected);
});

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log(
    `Bun and Deno are not tried on ${process.platform}-${process.arch}: the programs are those for Linux on x86-64.`,
  );
} else {
  test.each(Object.entries(runtimes))('%s imports, classifies, aborts and ends', (_name, runtime) => {
    const program = programOf(runtime);
    for (let i = 0; i < 3; i++) expect(runChild(program, [...runtime.args, smoke])).toEqual(expected);
  });

  test.each(Object.entries(runtimes))('%s ends well that only asked for the devices', (_name, runtime) => {
    const program = programOf(runtime);
    const script = join(root, 'test', 'install', 'fixtures', 'devices.mjs');
    for (let i = 0; i < 3; i++) {
      expect(runChild(program, [...runtime.args, script])).toMatchObject({
        status: 0,
        signal: null,
        stdout: 'true\n',
        stderr: '',
      });
    }
  });
}
