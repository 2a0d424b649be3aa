/**
 * Zig as a compiler for other C libraries: it brings the headers, the symbol lists and the start files of every glibc and of musl, so that
 * one machine builds for all. It comes from PyPI, into the user's cache.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError, say } from './console.mjs';
import { withLock } from './lock.mjs';
import { cacheFolder } from './paths.mjs';
import { capture, run } from './process.mjs';

/** As the package `ziglang` has it. */
export const zigVersion = '0.17.1';

/** The folder of Zig's own files, which are installed where they are not in the cache. */
export async function zigFolder(cache = cacheFolder()) {
  return join(await ensureZig(cache), 'ziglang');
}

async function ensureZig(cache) {
  const place = join(cache, `zig-${zigVersion}`);
  if (existsSync(place)) return place;
  return withLock(`${place}.lock`, 'installing Zig', async () => {
    if (existsSync(place)) return place;
    say(`installing Zig ${zigVersion} from PyPI, once, into ${place}`);
    const work = `${place}.partial`;
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    const args = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', work];
    await run('python3', [...args, `ziglang==${zigVersion}`]);
    const [wheel] = readdirSync(work).filter((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new SetupError('pip brought no wheel of ziglang');
    await run('python3', ['-m', 'zipfile', '-e', join(work, wheel), work]);
    rmSync(join(work, wheel));
    await run('chmod', ['+x', join(work, 'ziglang', 'zig')]);
    renameSync(work, place);
    return place;
  });
}

/**
 * A program that compiles, assembles and links for `target` as `cc` or `c++` does.
 * @param {string} language `cc` or `c++`
 * @param {string} target such as `x86_64-linux-gnu.2.28` or `aarch64-linux-musl`
 */
export async function zigCompiler(language, target, cache = cacheFolder()) {
  const folder = await ensureZig(cache);
  const file = join(folder, `${target}-${language}`);
  if (!existsSync(file)) {
    const script = `#!/bin/sh\nexport ZIG_GLOBAL_CACHE_DIR="${join(folder, 'cache')}"\nexec "${join(folder, 'ziglang', 'zig')}" ${language} -target ${target} "$@"\n`;
    writeFileSync(`${file}.${process.pid}`, script, { mode: 0o755 });
    renameSync(`${file}.${process.pid}`, file);
  }
  const probe = capture(file, ['--version']);
  if (probe.status !== 0) throw new SetupError(`Zig does not run here: ${probe.stderr.trim()}`);
  return file;
}
