/** The steps of setting slimnet up. Each does nothing where its result is up to date already. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { SetupError, say } from './console.mjs';
import { fingerprint } from './hash.mjs';
import { withLock } from './lock.mjs';
import { parallelJobs } from './onednn_build.mjs';
import { takePackedAddon } from './packed_addon.mjs';
import { buildPage } from './page.mjs';
import { packageJson, root } from './paths.mjs';
import { run } from './process.mjs';
import { stamp, touchChangedSince } from './stamps.mjs';
import { ensureTools } from './tools.mjs';

/** Whether node_modules holds what package-lock.json asks for (optional packages of other platforms aside). */
export function modulesMatchLock(wanted, installed) {
  return Object.entries(wanted.packages ?? {}).every(([path, { version, optional, link }]) => {
    if (path === '' || optional || link) return true;
    return installed.packages?.[path]?.version === version;
  });
}

/** `npm ci`, where node_modules is not what the lock file says. */
export async function installModules() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installedFile)) {
    const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
    if (modulesMatchLock(read(join(root, 'package-lock.json')), read(installedFile))) return;
  }
  say('installing node_modules (npm ci)');
  await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root });
}

/** The kinds of build: build folder, where the addon goes, CMake's configuration and further options. */
const modes = {
  release: { config: 'Release', output: 'build/Release', options: {} },
  debug: { config: 'Debug', output: 'build/Debug', options: {} },
  asan: { config: 'Debug', output: 'build/asan', options: { SLIMNET_SANITIZE: 'address,undefined' } },
};

/** Where CMake builds a mode, relative to the root. */
export function buildFolder(mode) {
  return `build/cmake/${mode}`;
}

/** Where the addon of a mode is, relative to the root. */
export function addonFile(mode) {
  return `${modes[mode].output}/slimnet.node`;
}

/** The programs of native tests of a mode, relative to the root. */
export function nativeTestsFiles(mode) {
  return ['slimnet_native_tests', 'slimnet_cudnn_tests'].map((name) => `${modes[mode].output}/${name}`);
}

/** What the addon is compiled from. */
export const nativeInputs = [
  'CMakeLists.txt',
  'native',
  'scripts/cmake',
  'scripts/third_party.json',
  'scripts/onednn_build.json',
];

/** One hash for everything that an addon is made of but the compiler. */
export function nativeSources() {
  return fingerprint(root, nativeInputs, packageJson().version).content();
}

/** A folder copied or moved elsewhere keeps CMake's absolute paths: such a build folder is of no use any more. */
function dropForeignCache(folder) {
  const cache = join(folder, 'CMakeCache.txt');
  if (!existsSync(cache)) return;
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(readFileSync(cache, 'utf8'))?.[1];
  if (home !== root) rmSync(folder, { recursive: true });
}

/**
 * Builds the addon, and the native tests with it where asked.
 * @param {{mode?: 'release' | 'debug' | 'asan', tests?: boolean, packed?: readonly string[] | null}} options `packed`: folders of tarballs with
 *   an addon that is taken instead of a build, besides node_modules; null: it is built in any case
 * @returns {Promise<'built' | 'packed'>} what is there now
 */
export async function buildAddon({ mode = 'release', tests = false, packed = null } = {}) {
  const { config, output, options } = modes[mode];
  const extra = `${packageJson().version} ${process.env.SLIMNET_ONEDNN_ROOT ?? ''} ${process.env.CXX ?? ''}`;
  const addonStamp = stamp(join(root, 'build', 'stamps', `addon-${mode}.json`), {
    base: root,
    inputs: nativeInputs,
    outputs: [addonFile(mode)],
    extra,
  });
  const testsStamp = stamp(join(root, 'build', 'stamps', `native-tests-${mode}.json`), {
    base: root,
    inputs: [...nativeInputs, 'test/native'],
    outputs: [addonFile(mode), ...nativeTestsFiles(mode)],
    extra,
  });
  const wanted = tests ? testsStamp : addonStamp;
  const marker = join(root, 'build', 'stamps', 'packed');
  if (wanted.isFresh()) return 'built';
  if (packed !== null && mode === 'release') {
    // One that was built here is as good as a packed one, and has its tests beside it.
    if (existsSync(marker) && addonStamp.isFresh()) return 'packed';
    const mark = addonStamp.take();
    if (takePackedAddon(join(root, addonFile(mode)), nativeSources(), { folders: packed })) {
      mark();
      writeFileSync(marker, '');
      return 'packed';
    }
  }
  rmSync(marker, { force: true });
  await ensureTools();
  const cmakeJs = join(root, 'node_modules', '.bin', 'cmake-js');
  if (!existsSync(cmakeJs)) throw new SetupError('cmake-js is missing: run `npm ci` first');
  const folder = join(root, buildFolder(mode));
  dropForeignCache(folder);
  await withLock(`${folder}.lock`, `building the addon (${mode})`, async () => {
    if (wanted.isFresh()) return;
    say(`building the native addon (${mode}${tests ? ', with tests' : ''}) into ${output}`);
    const begun = Date.now();
    const marks = [addonStamp.take(), ...(tests ? [testsStamp.take()] : [])];
    const defines = { ...options, SLIMNET_OUTPUT_DIR: join(root, output), SLIMNET_TESTS: tests ? 'ON' : 'OFF' };
    const common = ['--directory', root, '--out', folder, '--config', config, '--log-level', 'warn'];
    const args = [
      '--generator',
      'Unix Makefiles',
      ...Object.entries(defines).map(([name, value]) => `--CD${name}=${value}`),
    ];
    try {
      await run(cmakeJs, ['configure', ...common, ...args], { cwd: root });
      await run(cmakeJs, ['build', ...common, '--parallel', String(parallelJobs())], { cwd: root });
    } finally {
      touchChangedSince(begun, { base: root, inputs: [...nativeInputs, 'test/native'] });
    }
    for (const mark of marks) mark();
  });
  return 'built';
}

/** Compiles lib/ to build/lib, a file for each source, which tools of this repository read, and bundles that into dist/. */
export async function buildTypeScript() {
  const step = stamp(join(root, 'build', 'stamps', 'typescript.json'), {
    base: root,
    inputs: [
      'lib',
      'web',
      'scripts/lib/bundle.mjs',
      'scripts/lib/page.mjs',
      'tsconfig.json',
      'tsconfig.build.json',
      'package-lock.json',
    ],
    outputs: ['build/lib/index.js', 'build/web/page.js', 'dist/index.js', 'dist/cli/main.js'],
  });
  if (step.isFresh()) return;
  say('compiling TypeScript into dist/');
  const mark = step.take();
  const compiled = join(root, 'build', 'lib');
  // Files of sources that are gone must not stay behind.
  rmSync(compiled, { recursive: true, force: true });
  await run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'], {
    cwd: root,
  });
  await buildPage(join(root, 'build', 'web'));
  await bundle(compiled, join(root, 'dist'));
  mark();
}

/** The folder of packed addons that the user names. */
const namedPackages = () => (process.env.SLIMNET_PACKAGES ? [process.env.SLIMNET_PACKAGES] : []);

/**
 * Everything that a user of the source tree needs: modules, addon, dist. Tests take a packed addon only where SLIMNET_PACKAGES says so, for
 * then there are no native tests.
 * @returns {Promise<'built' | 'packed'>} where the addon is from
 */
export async function setUp({ tests = false } = {}) {
  await installModules();
  const named = namedPackages();
  const packed = tests ? (named.length > 0 ? named : null) : [...named, join(root, 'build', 'packages')];
  const addon = await buildAddon({ tests, packed });
  await buildTypeScript();
  return addon;
}
