import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { platforms } from '../../lib/native/platforms.js';
import { requirementsOf } from '../../scripts/lib/release/elf.mjs';
import { toolCommand, toolFolder } from '../../scripts/lib/release/tools.mjs';
import { hasCuda, packAgain, type Release, Trial, version } from '../helpers/packages.js';
import { type ChildResult, root, runChild, runNode } from './support.js';

const readJson = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8')) as Record<string, unknown>;

const asNumber = (libc = '') => libc.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0);

describe('the packed packages, installed by npm into an empty project', () => {
  let trial: Trial;
  let release: Release;
  let project: string;
  let installed: string;
  let addon: string;

  beforeAll(async () => {
    trial = await Trial.begin();
    release = trial.release;
    const { folder, install } = await trial.install('npm');
    expect(install).toMatchObject({ status: 0 });
    project = folder;
    installed = join(folder, 'node_modules', 'slimnet');
    addon = join(folder, 'node_modules', '@slimnet', 'linux-x64');
  }, 1_800_000);
  afterAll(() => trial?.end());

  test('have nothing that makes npm build or fetch anything', () => {
    for (const folder of [installed, addon]) {
      const description = readJson(folder, 'package.json');
      expect(readdirSync(folder)).not.toContain('binding.gyp');
      expect(readdirSync(folder)).not.toContain('scripts');
      expect(description).not.toHaveProperty('scripts');
      expect(description).not.toHaveProperty('devDependencies');
      expect(description).not.toHaveProperty('private');
    }
  });

  test('name the addon of each published platform as optional, at the same version', () => {
    const { optionalDependencies } = readJson(installed, 'package.json');
    const published = Object.values(platforms).filter((one) => !('experimental' in one));
    expect(optionalDependencies).toEqual(Object.fromEntries(published.map((one) => [one.package, version])));
  });

  test('say for which platform an addon is', () => {
    expect(readJson(addon, 'package.json')).toMatchObject({ version, os: ['linux'], cpu: ['x64'], libc: ['glibc'] });
  });

  test('carry the licences, their own and those of what is linked in', () => {
    expect(readdirSync(installed)).toContain('LICENSE');
    expect(readdirSync(addon)).toContain('LICENSE');
    const { components } = readJson(addon, 'provenance.json') as { components: { name: string }[] };
    expect(components.map(({ name }) => name)).toEqual(['oneDNN', 'node-addon-api', 'libstdc++', 'libunwind']);
    for (const { name } of components) expect(readdirSync(join(addon, 'licences', name)).length).toBeGreaterThan(0);
    expect(readFileSync(join(installed, 'dist', 'THIRD_PARTY_NOTICES.txt'), 'utf8')).toContain(
      'WordNet 3.0 Copyright 2006',
    );
  });

  test('say how they were made: the hash of the addon, the compiler, what it needs', () => {
    const record = readJson(addon, 'provenance.json') as {
      addon: { sha256: string };
      version: string;
      compiler: string;
    };
    const [, platform] = release.packages;
    expect(record.addon.sha256).toBe(platform?.contents['slimnet.node']);
    expect(record).toMatchObject({ version, needs: { libraries: expect.arrayContaining(['libc.so.6']) } });
    expect(record.compiler).toMatch(/\d+\.\d+/);
  });

  test('have a bill of materials that is valid CycloneDX and names every part', async () => {
    const { Spec, Validation } = createRequire(__filename)('@cyclonedx/cyclonedx-library');
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    for (const folder of [installed, addon]) {
      const text = readFileSync(join(folder, 'sbom.cdx.json'), 'utf8');
      expect(await validator.validate(text)).toBeNull();
    }
    const names = (folder: string) =>
      (readJson(folder, 'sbom.cdx.json') as { components: { name: string }[] }).components.map(({ name }) => name);
    expect(names(addon)).toEqual(expect.arrayContaining(['oneDNN', 'libstdc++']));
    const { dependencies } = readJson(installed, 'package.json') as { dependencies: object };
    expect(names(installed)).toEqual(expect.arrayContaining([...Object.keys(dependencies), 'uplot']));
  });

  test('stay small', () => {
    const [main, platform] = release.packages;
    expect(main?.bytes).toBeLessThan(5e6);
    expect(platform?.bytes).toBeLessThan(25e6);
  });

  test('are packed to the same bytes a second time, for which nothing is compiled or linked', async () => {
    const { release: again, log } = await packAgain();
    rmSync(again.folder, { recursive: true });
    const first = release.packages.slice(0, again.packages.length);
    expect(again.packages.map(({ sha256 }) => sha256)).toEqual(first.map(({ sha256 }) => sha256));
    expect(log).not.toMatch(/linking|compiling|building/);
  }, 1_800_000);

  // Of the tarball: of a folder they would pack another one first.
  test.each([
    ['publint', 'publint', (tarball: string) => ['run', tarball, '--strict']],
    ['attw (types)', 'attw', (tarball: string) => [tarball, '--profile', 'node16', '--no-emoji']],
  ] as const)('%s finds nothing wrong', async (_, tool, args) => {
    const [command = '', ...first] = await toolCommand(tool);
    const [tarball = ''] = release.tarballs;
    const { status, stdout, stderr } = runChild(command, [...first, ...args(tarball)], release.folder, 240_000);
    expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, output: '' });
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

  test('need no newer glibc than is said, and no library of the C++ compiler', () => {
    const { libraries, versions } = requirementsOf(join(addon, 'slimnet.node'));
    expect(libraries.filter((name) => /stdc|gcc/.test(name))).toEqual([]);
    expect(Object.keys(versions)).toEqual(['GLIBC']);
    const { oldestLibc } = platforms['linux-x64'];
    expect(asNumber(versions.GLIBC?.at(-1))).toBeLessThanOrEqual(asNumber(oldestLibc));
    expect(readFileSync(join(installed, 'README.md'), 'utf8')).toContain(`glibc ${oldestLibc}`);
  });

  test('has a command line that starts', () => {
    const result = runChild(join(project, 'node_modules', '.bin', 'slimnet'), ['--version'], project);
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

  /** As docs/installing.md has it. */
  const bundlers: Readonly<Record<string, (entry: string, output: string) => Promise<ChildResult>>> = {
    esbuild: async (entry, output) => {
      const program = join(root, 'node_modules', 'esbuild', 'bin', 'esbuild');
      const options = ['--bundle', '--platform=node', '--external:slimnet', '--format=esm', `--outfile=${output}`];
      return runChild(program, [entry, ...options], project);
    },
    Rollup: async (entry, output) => {
      const [command = '', ...first] = await toolCommand('rollup');
      return runChild(command, [...first, entry, '--external', 'slimnet', '--format', 'es', '--file', output], project);
    },
    webpack: async (entry, output) => {
      const config = {
        mode: 'production',
        target: 'node',
        entry,
        externals: { slimnet: 'module slimnet' },
        experiments: { outputModule: true },
        output: { path: dirname(output), filename: basename(output), module: true, library: { type: 'module' } },
      };
      const code = `require(${JSON.stringify(await toolFolder('webpack'))})(${JSON.stringify(config)}, (error, stats) => {
        if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exitCode = 1; }
      });`;
      return runNode('commonjs', code, project);
    },
  };
  test.each(Object.keys(bundlers))('runs in a bundle by %s that leaves it outside', async (name) => {
    const output = join(project, 'bundles', `${name}.mjs`);
    const made = await bundlers[name]?.(join(project, 'esm.mjs'), output);
    expect({ name, ...made, stdout: '' }).toMatchObject({ name, status: 0 });
    expect(runChild(process.execPath, [output], project)).toMatchObject({ status: 0, stdout: 'works\n' });
  });

  describe('with the library for NVIDIA GPUs', () => {
    const name = 'linux-x64-cuda';
    let place: string;
    let modules: string;
    beforeAll(async () => {
      if (!hasCuda()) return;
      const { folder, install } = await trial.install('npm', { [platforms[name].package]: version });
      expect(install).toMatchObject({ status: 0 });
      modules = folder;
      place = join(folder, 'node_modules', '@slimnet', name);
    }, 240_000);

    test('has both files and the licence of what is linked in, and stays small', () => {
      if (!hasCuda()) return console.log('It is not packed: slimnet_cudnn.so is not built here, for want of nvcc.');
      const record = readJson(place, 'provenance.json') as {
        besides: Record<string, { sha256: string }>;
        components: { name: string }[];
      };
      const packed = release.packages.find(({ file }) => file.includes(name));
      expect(packed?.bytes).toBeLessThan(25e6);
      expect(Object.keys(packed?.contents ?? {})).toEqual(expect.arrayContaining(['slimnet.node', 'slimnet_cudnn.so']));
      expect(record.besides['slimnet_cudnn.so']?.sha256).toBe(packed?.contents['slimnet_cudnn.so']);
      expect(record.components.map((component) => component.name)).toContain('CUDA runtime');
      expect(readdirSync(join(place, 'licences', 'CUDA runtime'))).toEqual(['License.txt']);
    });

    test('needs no newer glibc than is said, and neither driver nor cuDNN to be loaded', () => {
      if (!hasCuda()) return;
      for (const file of ['slimnet.node', 'slimnet_cudnn.so']) {
        const { libraries, versions } = requirementsOf(join(place, file));
        expect(libraries.filter((library) => /cuda|cudnn|nvidia|stdc|gcc/.test(library))).toEqual([]);
        expect(asNumber(versions.GLIBC?.at(-1))).toBeLessThanOrEqual(asNumber(platforms[name].oldestLibc));
      }
    });

    test('is used where it is installed, and says in one sentence what is missing besides', () => {
      if (!hasCuda()) return;
      const code = `
        import { devices, Graph, Session } from 'slimnet';
        const { available, reason } = devices().find(({ name }) => name === 'cuda');
        const error = await Session.create(new Graph(), { device: 'cuda' }).then(() => null, ({ code, message }) => ({ code, message }));
        console.log(JSON.stringify({ available, reason, error }));`;
      const { status, stdout, stderr } = runNode('module', code, modules);
      expect([status, stderr]).toEqual([0, '']);
      const { available, reason, error } = JSON.parse(stdout) as { available: boolean; reason: string; error: unknown };
      if (available) return console.log('This machine has a GPU: nothing is missing.');
      expect(reason).toMatch(/^(NVIDIA's driver is |there is no NVIDIA GPU|cuDNN ).*[^.]$/);
      expect(error).toEqual({ code: 'ERR_BACKEND', message: expect.stringContaining(reason) as unknown });
    });
  });

  describe('without the addon', () => {
    let copy: string;
    /** The project once more, with what `change` does to it. */
    function failureAfter(change: (modules: string) => void): ChildResult {
      copy = join(project, '..', `copy-${Math.random().toString(36).slice(2)}`);
      cpSync(project, copy, { recursive: true });
      change(join(copy, 'node_modules'));
      const code =
        "import('slimnet').then(({ devices }) => devices()).catch(({ code, message }) => console.log(code, message))";
      return runNode('commonjs', code, copy);
    }

    test('an error names the platform, the package and the ways to come by it', () => {
      const { stdout } = failureAfter((modules) => rmSync(join(modules, '@slimnet'), { recursive: true }));
      expect(stdout).toMatch(/^ERR_NATIVE_LOAD .*linux-x64, glibc/);
      expect(stdout).toContain('@slimnet/linux-x64: it is not installed beside');
      expect(stdout).toContain('npm install --include=optional');
      expect(stdout).toContain('npm run build');
    });

    test('of another version, both versions are named', () => {
      const { stdout } = failureAfter((modules) => {
        const file = join(modules, '@slimnet', 'linux-x64', 'package.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace(version, '9.9.9'));
      });
      expect(stdout).toMatch(/^ERR_NATIVE_LOAD/);
      expect(stdout).toContain(`of version 9.9.9, and slimnet is of version ${version}`);
    });

    test('that a bundler has left behind, the file is named', () => {
      const { stdout } = failureAfter((modules) => rmSync(join(modules, '@slimnet', 'linux-x64', 'slimnet.node')));
      expect(stdout).toMatch(/^ERR_NATIVE_LOAD/);
      expect(stdout).toContain('slimnet.node: no such file');
    });
  });

  test('is used by Vitest', async () => {
    const [command = '', ...first] = await toolCommand('vitest');
    writeFileSync(
      join(project, 'used.spec.mjs'),
      `import { devices } from 'slimnet';
       test('works', async () => expect((await devices()).length).toBeGreaterThan(0));`,
    );
    const result = runChild(
      command,
      [...first, 'run', '--globals', '--root', project, 'used.spec.mjs'],
      project,
      240_000,
    );
    expect(result.stdout).toMatch(/1 passed/);
    expect(result.status).toBe(0);
  });
});
