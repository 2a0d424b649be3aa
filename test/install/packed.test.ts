import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { oldestGlibc } from '../../lib/native/binding.js';
import { root, runChild, runNode } from './support.js';

/** The one addon of an installed package. */
function addonOf(installed: string): string {
  const prebuilt = join(installed, 'native', 'prebuilt');
  const [platform = '', ...others] = readdirSync(prebuilt).filter((name) => name !== 'licences');
  const [file = '', ...more] = readdirSync(join(prebuilt, platform));
  expect([...others, ...more]).toEqual([]);
  return join(prebuilt, platform, file);
}

describe('the packed package, installed by npm into an empty project', () => {
  const project = mkdtempSync(join(tmpdir(), 'slimnet-install-'));
  const installed = join(project, 'node_modules', 'slimnet');

  beforeAll(() => {
    const packed = runChild('npm', ['pack', '--silent', '--pack-destination', project], root, 240_000);
    expect(packed).toMatchObject({ status: 0 });
    const tarball = join(project, packed.stdout.trim());
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'user', private: true }));
    const args = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball];
    expect(runChild('npm', args, project, 240_000)).toMatchObject({ status: 0 });
  }, 400_000);
  afterAll(() => rmSync(project, { recursive: true }));

  test('has nothing that makes npm build it', () => {
    const description = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(readdirSync(installed)).not.toContain('binding.gyp');
    expect(readdirSync(installed)).not.toContain('scripts');
    expect(description.gypfile).toBe(false);
    const { scripts } = description as { scripts: Record<string, string> };
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) expect(scripts).not.toHaveProperty(name);
  });

  test('carries the licences, its own and that of what is linked in', () => {
    expect(readdirSync(installed)).toContain('LICENSE');
    expect(readdirSync(join(installed, 'native', 'prebuilt', 'licences', 'oneDNN'))).toContain('LICENSE');
  });

  test('has one addon, named after its version, and stays small', () => {
    expect(basename(addonOf(installed))).toMatch(/^slimnet-\d+\.\d+\.\d+\.node$/);
    expect(statSync(addonOf(installed)).size).toBeLessThan(60e6);
  });

  test.each([
    ['module', "import { devices } from 'slimnet'; console.log((await devices()).length > 0)"],
    ['commonjs', "(async () => console.log((await require('slimnet').devices()).length > 0))()"],
  ] as const)('runs its addon from %s code', (kind, code) => {
    const result = runNode(kind, code, project);
    expect(result.stdout.trim()).toBe('true');
    expect(result.status).toBe(0);
  });

  test('is required by loaders that know CommonJS alone, such as those of Jest', () => {
    writeFileSync(
      join(project, 'user.test.js'),
      `const { Graph, Session, checkpoint, devices, loadModel } = require('slimnet');
       test('works', async () => {
         expect((await devices()).length).toBeGreaterThan(0);
         expect([typeof Graph, typeof Session, typeof loadModel, typeof checkpoint.openCheckpoint]).toEqual(Array(4).fill('function'));
         await expect(checkpoint.openCheckpoint('missing')).rejects.toThrow(/no checkpoint of that name/);
       });`,
    );
    const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    const options = JSON.stringify({ rootDir: project, transform: {}, testMatch: ['**/user.test.js'] });
    const result = runChild(process.execPath, [jest, '--config', options], project);
    expect(result.stderr).toContain('1 passed');
    expect(result.status).toBe(0);
  });

  test('is one module for import and require', () => {
    const code = `
      import { createRequire } from 'node:module';
      import { Graph } from 'slimnet';
      console.log(createRequire(import.meta.url)('slimnet').Graph === Graph);`;
    expect(runNode('module', code, project).stdout.trim()).toBe('true');
  });

  test.each(['node16', 'nodenext', 'bundler'])('has types for modules and CommonJS under %s', (resolution) => {
    const source = (kind: string) =>
      kind === 'cts'
        ? "import slimnet = require('slimnet');\nexport const graph: slimnet.Graph = new slimnet.Graph({ seed: 1 });"
        : "import { Graph } from 'slimnet';\nexport const graph: Graph = new Graph({ seed: 1 });";
    const kinds = resolution === 'bundler' ? ['mts'] : ['mts', 'cts'];
    for (const kind of kinds) writeFileSync(join(project, `user.${kind}`), source(kind));
    const module = resolution === 'bundler' ? 'esnext' : resolution;
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--types',
      'node',
      '--typeRoots',
      join(root, 'node_modules', '@types'),
    ];
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const files = kinds.map((kind) => `user.${kind}`);
    const result = runChild(
      process.execPath,
      [tsc, ...options, '--module', module, '--moduleResolution', resolution, ...files],
      project,
    );
    expect(result.stdout).toBe('');
    expect(result.status).toBe(0);
  });

  test('has every document and example that its README names', () => {
    const readme = readFileSync(join(installed, 'README.md'), 'utf8');
    const named = new Set(readme.match(/\b(?:docs|examples)\/[\w/.]*\w/g));
    expect(named.size).toBeGreaterThan(8);
    for (const path of named) expect({ path, there: existsSync(join(installed, path)) }).toEqual({ path, there: true });
  });

  test('needs no newer glibc than is said', () => {
    const symbols = runChild('objdump', ['-T', addonOf(installed)]).stdout;
    const needed = [...symbols.matchAll(/\(GLIBC_(\d+)\.(\d+)/g)].map(
      ([, major, minor]) => Number(major) * 1000 + Number(minor),
    );
    const [major, minor] = oldestGlibc.split('.').map(Number) as [number, number];
    expect(needed.length).toBeGreaterThan(0);
    expect(Math.max(...needed)).toBeLessThanOrEqual(major * 1000 + minor);
    expect(readFileSync(join(installed, 'README.md'), 'utf8')).toContain(`glibc ${oldestGlibc}`);
  });

  test('has a command line that starts', () => {
    const result = runChild(join(project, 'node_modules', '.bin', 'slimnet'), ['--version'], project);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(result.stdout).toContain(version);
    expect(result.status).toBe(0);
  });

  test.each([['the example with a trained network', [join('node_modules', 'slimnet', 'examples', 'shapes.mjs')]]])(
    'carries the weights of %s',
    (_, args) => {
      const { status, stdout } = runChild(process.execPath, args, project);
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/1[89]\d of 200 right/) });
    },
  );
});
