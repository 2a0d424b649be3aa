/** Builds the addon of a platform as it is published, and says what it is made of. */
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError, say } from '../console.mjs';
import { withLock } from '../lock.mjs';
import { ensureOneDnn, parallelJobs } from '../onednn_build.mjs';
import { root } from '../paths.mjs';
import { capture, run } from '../process.mjs';
import { sourceTree, thirdParty } from '../sources.mjs';
import { stamp } from '../stamps.mjs';
import { buildAddon, buildFolder, nativeInputs } from '../steps.mjs';
import { zigCompiler, zigFolder, zigVersion } from '../zig.mjs';
import { targets } from './targets.mjs';

/** @typedef {{name: string, version: string, licence: string, files: string[]}} Component what is linked in, and its licence files */

const firstLine = (command, args) => capture(command, args).stdout.split('\n')[0].trim();

/** oneDNN, whose licence files stand in the folder of its installation. */
function onednnComponent(folder) {
  const licences = join(folder, 'share', 'doc', 'dnnl');
  const header = readFileSync(join(folder, 'include', 'oneapi', 'dnnl', 'dnnl_version.h'), 'utf8');
  const part = (name) => new RegExp(`define DNNL_VERSION_${name} (\\d+)`).exec(header)?.[1];
  return {
    name: 'oneDNN',
    version: ['MAJOR', 'MINOR', 'PATCH'].map(part).join('.'),
    licence: 'Apache-2.0',
    files: ['LICENSE', 'THIRD-PARTY-PROGRAMS'].map((file) => join(licences, file)),
  };
}

/** NVIDIA's runtime library, which is linked in from this machine's CUDA; its licence is that of the package of that release. */
async function cudaRuntime() {
  const { version } = thirdParty().cuda_runtime;
  const folder = await sourceTree('cuda_runtime');
  return {
    name: 'CUDA runtime',
    version,
    licence: 'LicenseRef-NVIDIA-End-User-License-Agreement',
    files: [join(folder, `nvidia_cuda_runtime-${version}.dist-info`, 'licenses', 'License.txt')],
  };
}

function nodeAddonApi() {
  const folder = join(root, 'node_modules', 'node-addon-api');
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { name: 'node-addon-api', version, licence: license, files: [join(folder, 'LICENSE.md')] };
}

/** A library of LLVM that Zig brings. */
function llvm(name, version, folder) {
  return {
    name,
    version,
    licence: 'Apache-2.0 WITH LLVM-exception',
    files: [join(folder, 'lib', name, 'LICENSE.TXT')],
  };
}

/** Objects of this machine's compiler, linked by Zig. */
async function link(target) {
  const output = 'build/Release';
  const folder = join(root, buildFolder('release'));
  await buildAddon();
  const linker = await zigCompiler('cc', target.zig);
  const files = ['slimnet.node', ...(target.cuda ? ['slimnet_cudnn.so'] : [])].map(
    (file) => `${output}/portable/${file}`,
  );
  const onednnNote = `${output}/portable/onednn_root.txt`;
  // The objects may be gone where the addon is there still: without this they would be compiled for an addon that is linked already.
  const linked = stamp(join(root, 'build', 'stamps', `portable${target.cuda ? '-cuda' : ''}.json`), {
    base: root,
    inputs: nativeInputs,
    outputs: [...files, onednnNote],
    extra: [target.zig, zigVersion, process.env.SLIMNET_ONEDNN_ROOT, process.env.CXX].join(' '),
  });
  await withLock(`${folder}.lock`, 'linking the addon', async () => {
    if (linked.isFresh()) return;
    say('linking the addon for older systems');
    const mark = linked.take();
    const set = { SLIMNET_PORTABLE_LINKER: linker, SLIMNET_OUTPUT_DIR: join(root, output) };
    const defines = Object.entries(set).map(([name, value]) => `-D${name}=${value}`);
    await run('cmake', ['-S', root, '-B', folder, '--log-level=WARNING', ...defines], { cwd: root });
    const made = ['slimnet_portable', ...(target.cuda ? ['slimnet_portable_cudnn'] : [])];
    if (target.cuda && !existsSync(join(root, output, 'slimnet_cudnn.so')))
      throw new SetupError('the library for NVIDIA GPUs is not built here: it needs nvcc of CUDA 12.8 or newer');
    for (const one of made)
      await run('cmake', ['--build', folder, '--target', one, '--parallel', String(parallelJobs())]);
    copyFileSync(join(folder, 'onednn_root.txt'), join(root, onednnNote));
    mark();
  });
  const compiler = process.env.CXX || 'g++';
  const zig = await zigFolder();
  return {
    addon: join(root, files[0]),
    besides: files.slice(1).map((file) => join(root, file)),
    compiler: firstLine(compiler, ['--version']),
    linker: `Zig ${zigVersion}, ${target.zig}`,
    components: [
      onednnComponent(readFileSync(join(root, onednnNote), 'utf8')),
      nodeAddonApi(),
      {
        name: 'libstdc++',
        version: firstLine(compiler, ['-dumpfullversion']),
        licence: 'GPL-3.0-or-later WITH GCC-exception-3.1',
        files: [gccLicence(compiler)],
      },
      llvm('libunwind', llvmVersion(linker), zig),
      ...(target.cuda ? [await cudaRuntime()] : []),
    ],
  };
}

/** What Debian says of GCC's licences: the copyright file of the package that has the C++ library. */
function gccLicence(compiler) {
  const [major] = firstLine(compiler, ['-dumpfullversion']).split('.');
  return `/usr/share/doc/gcc-${major}-base/copyright`;
}

function llvmVersion(compiler) {
  const version = /version (\d+\.\d+\.\d+)/.exec(firstLine(compiler, ['--version']))?.[1];
  if (version === undefined) throw new SetupError(`${compiler} does not tell its version`);
  return version;
}

/** Everything by Zig. */
async function compile(name, target) {
  const [compiler, cCompiler] = [await zigCompiler('c++', target.zig), await zigCompiler('cc', target.zig)];
  const onednn = await ensureOneDnn({ compiler, cCompiler, target: { name: target.zig, options: target.onednn } });
  const folder = join(root, 'build', 'cmake', `release-${name}`);
  const output = join(root, 'build', `release-${name}`);
  const defines = {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_CXX_COMPILER: compiler,
    CMAKE_MODULE_LINKER_FLAGS: '-Wl,-s',
    SLIMNET_ONEDNN_ROOT: onednn,
    SLIMNET_OUTPUT_DIR: output,
    SLIMNET_MUSL: target.zig.includes('musl') ? 'ON' : 'OFF',
    SLIMNET_CUDNN: 'OFF', // NVIDIA's library is another package, and its compiler does not know Zig's
  };
  await withLock(`${folder}.lock`, `building the addon (${name})`, async () => {
    say(`building the native addon for ${name}`);
    const options = Object.entries(defines).map(([key, value]) => `-D${key}=${value}`);
    await run('cmake', ['-S', root, '-B', folder, '--log-level=WARNING', ...options], { cwd: root });
    await run('cmake', ['--build', folder, '--target', 'slimnet', '--parallel', String(parallelJobs())]);
  });
  const zig = await zigFolder();
  const version = llvmVersion(compiler);
  return {
    addon: join(output, 'slimnet.node'),
    besides: [],
    compiler: `Zig ${zigVersion} (${firstLine(compiler, ['--version'])}), ${target.zig}`,
    linker: `Zig ${zigVersion}, ${target.zig}`,
    components: [
      onednnComponent(onednn),
      nodeAddonApi(),
      ...['libcxx', 'libcxxabi', 'libunwind'].map((one) => llvm(one, version, zig)),
    ],
  };
}

/**
 * Builds the addon of a platform.
 * @param {string} name a key of `targets`
 * @returns {Promise<{addon: string, besides: string[], compiler: string, linker: string, components: Component[]}>}
 */
export async function buildPlatform(name) {
  const target = targets[name];
  if (!target) throw new SetupError(`there is no platform ${name}; known: ${Object.keys(targets).join(', ')}`);
  return target.onlyLinks ? link(target) : compile(name, target);
}
