/**
 * Builds the pinned oneDNN once per machine: into the user's cache, under a key made of everything that the result
 * depends on. An interrupted build goes on where it stopped; two at once wait for each other.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { progress, SetupError, say } from './console.mjs';
import { sha256 } from './hash.mjs';
import { withLock } from './lock.mjs';
import { cacheFolder, root } from './paths.mjs';
import { capture, run } from './process.mjs';
import { sourceTree, thirdParty } from './sources.mjs';

const overlay = join(root, 'scripts', 'cmake', 'onednn_overlay.cmake');
const absent = join(root, 'scripts', 'cmake', 'onednn_absent.cpp');

/**
 * What is compiled and how: CMake options, the files that are left out, the texts that are replaced, and what is added to
 * oneDNN's own CMake files.
 */
export function buildRecipe(file = join(root, 'scripts', 'onednn_build.json')) {
  return {
    ...JSON.parse(readFileSync(file, 'utf8')),
    added: [overlay, absent].map((added) => sha256(readFileSync(added))),
  };
}

/** Name, version and target of a compiler, as one text. */
function compilerIdentity(compiler) {
  const version = capture(compiler, ['--version']);
  if (version.status !== 0) throw new SetupError(`the compiler ${compiler} cannot be run`);
  // The first word is the name it was called by: c++ and g++ may be one compiler.
  const words = version.stdout.split('\n')[0].replace(/^\S*\+\+\S*\s/, '');
  return `${words} ${capture(compiler, ['-dumpmachine']).stdout.trim()}`;
}

/** The cache key: equal keys mean an equal library. */
export function buildKey({ version, tree }, recipe, compiler) {
  return `${version}-${sha256(JSON.stringify([version, tree, recipe, compiler])).slice(0, 16)}`;
}

/** How many compilers may run at once: SLIMNET_JOBS, else the processors we may use, and a gigabyte of memory for each. */
export function parallelJobs(processors = availableParallelism(), free = freemem(), asked = process.env.SLIMNET_JOBS) {
  const wanted = Number.parseInt(asked ?? '', 10);
  return Math.max(1, wanted || Math.min(processors, Math.floor(free / 2 ** 30)));
}

/**
 * Applies the recipe's patches to the copied sources. Each text that is replaced must stand there exactly once, so that a
 * new version of oneDNN cannot lose a patch in silence.
 */
export function applyPatches(folder, patches) {
  for (const { file, replace } of patches) {
    const path = join(folder, file);
    let text = readFileSync(path, 'utf8');
    for (const { from, to } of replace) {
      const parts = text.split(from);
      if (parts.length !== 2)
        throw new SetupError(
          `scripts/onednn_build.json patches ${file}, where this text stands ${parts.length - 1} times instead of once:\n${from}`,
        );
      text = parts.join(to);
    }
    writeFileSync(path, text);
  }
}

/** Copies the sources, leaves out what is never needed and patches; the marker makes an interrupted copy start again. */
function prepareSources(sources, folder, { prune, patches }) {
  const marker = join(folder, '.complete');
  if (existsSync(marker)) return;
  rmSync(folder, { recursive: true, force: true });
  cpSync(sources, folder, { recursive: true, preserveTimestamps: true });
  for (const path of prune) {
    if (!existsSync(join(folder, path)))
      throw new SetupError(`scripts/onednn_build.json leaves out ${path}, which oneDNN does not have`);
    rmSync(join(folder, path), { recursive: true });
  }
  applyPatches(folder, patches);
  writeFileSync(marker, '');
}

/** `[ 52%]` at the head of a line of make, or `[12/345]` of ninja, as a fraction; else null. */
export function parseProgress(line) {
  const percent = /^\[\s*(\d+)%\]/.exec(line);
  if (percent) return Number(percent[1]) / 100;
  const steps = /^\[(\d+)\/(\d+)\]/.exec(line);
  return steps ? Number(steps[1]) / Number(steps[2]) : null;
}

async function build(work, sources, recipe, compiler, cCompiler) {
  const source = join(work, 'source');
  const folder = join(work, 'build');
  const logFile = join(work, 'build.log');
  prepareSources(sources, source, recipe);
  const options = Object.entries({ ...recipe.options, ...recipe.target?.options }).map(
    ([name, value]) => `-D${name}=${value}`,
  );
  if (cCompiler !== undefined) options.push(`-DCMAKE_C_COMPILER=${cCompiler}`);
  const prefix = join(work, 'install');
  const bar = progress(`building oneDNN with ${parallelJobs()} jobs`);
  try {
    await run(
      'cmake',
      [
        '-S',
        source,
        '-B',
        folder,
        '-G',
        'Unix Makefiles',
        `-DCMAKE_CXX_COMPILER=${compiler}`,
        `-DCMAKE_INSTALL_PREFIX=${prefix}`,
        '-DCMAKE_INSTALL_LIBDIR=lib',
        `-DCMAKE_PROJECT_INCLUDE=${overlay}`,
        ...options,
      ],
      { logFile },
    );
    const onLine = (line) => {
      const fraction = parseProgress(line);
      if (fraction !== null) bar.update(fraction);
    };
    await run('cmake', ['--build', folder, '--parallel', String(parallelJobs())], { logFile, onLine });
    rmSync(prefix, { recursive: true, force: true });
    await run('cmake', ['--install', folder], { logFile });
  } catch (error) {
    const tail = existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n').slice(-30).join('\n') : '';
    throw new SetupError(`oneDNN could not be built: ${error.message}\n${tail}`);
  }
  bar.done();
  return prefix;
}

/**
 * The folder of the built library (include/, lib/libdnnl.a), built where it is not in the cache.
 * @param {{compiler?: string, cCompiler?: string, cache?: string, target?: {name: string, options: Record<string, string>}}} options
 *   `target`: for another platform than this one, with further options of CMake
 */
export async function ensureOneDnn({
  compiler = process.env.CXX || 'g++',
  cCompiler,
  cache = cacheFolder(),
  target,
} = {}) {
  const entry = thirdParty().onednn;
  const recipe = target === undefined ? buildRecipe() : { ...buildRecipe(), target };
  const key = buildKey(entry, recipe, compilerIdentity(compiler));
  const place = join(cache, 'onednn', key);
  if (existsSync(place)) return place;
  mkdirSync(dirname(place), { recursive: true });
  return withLock(`${place}.lock`, 'building oneDNN', async () => {
    if (existsSync(place)) return place;
    const work = `${place}.partial`;
    const sources = await sourceTree('onednn', { cache });
    say(
      existsSync(work)
        ? `going on with the build of oneDNN ${entry.version} in ${work}`
        : `building oneDNN ${entry.version} once, into ${place}`,
    );
    mkdirSync(work, { recursive: true });
    renameSync(await build(work, sources, recipe, compiler, cCompiler), place);
    rmSync(work, { recursive: true, force: true });
    return place;
  });
}
