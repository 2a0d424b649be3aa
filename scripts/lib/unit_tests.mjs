/** Which tests of test/unit run where no addon is built: those from whose imports no way leads to what needs one. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { importsOf } from '../check_layers.mjs';
import { listFiles } from './hash.mjs';
import { root } from './paths.mjs';

/** What needs the addon: the one file that loads it, and the helper that starts the built program. */
const needing = ['lib/native/binding.ts', 'test/helpers/built_program.ts'];

/** The files that `file` imports when it runs, as paths below `base`. Types are gone by then. */
function importedFiles(base, file) {
  return importsOf(readFileSync(join(base, file), 'utf8'))
    .filter(({ specifier, typeOnly }) => specifier.startsWith('.') && !typeOnly)
    .map(({ specifier }) => join(dirname(file), specifier))
    .flatMap((path) => [path.replace(/\.js$/, '.ts'), path].filter((one) => existsSync(join(base, one))).slice(0, 1))
    .filter((path) => /\.(ts|mjs)$/.test(path));
}

/**
 * All files that run when one of `files` does, themselves included. Paths are below `base`.
 * @param {Map<string, string[]>} known what files import, as far as they were read
 */
export function reachableFiles(base, files, known = new Map()) {
  const found = new Set(files);
  // A set that grows while it is walked is walked to its end.
  for (const file of found) {
    if (!known.has(file)) known.set(file, importedFiles(base, file));
    for (const next of known.get(file)) found.add(next);
  }
  return found;
}

/** The test files below test/unit that need no addon. */
export function testsWithoutAddon(base = root) {
  const known = new Map();
  return listFiles(join(base, 'test', 'unit'))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/unit/${file}`)
    .filter((file) => {
      const reached = reachableFiles(base, [file], known);
      return !needing.some((one) => reached.has(one));
    });
}
