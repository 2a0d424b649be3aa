/** What a shared object asks of the system that loads it. */
import { SetupError } from '../console.mjs';
import { capture } from '../process.mjs';
import { allowedLibraries } from './targets.mjs';

/** The output of a program of the binutils. */
function listing(program, args) {
  const { status, stdout, stderr } = capture(program, args);
  if (status !== 0) throw new SetupError(`${program} ${args.join(' ')} failed: ${stderr.trim()}`);
  return stdout;
}

/** Compares versions such as 2.9 and 2.28. */
function compareVersions(a, b) {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Reads the listings of `readelf --dynamic` and `readelf --dyn-syms`.
 * @returns {{libraries: string[], versions: Record<string, string[]>, unversioned: string[]}} `versions`: by family (GLIBC, GLIBCXX, ...),
 *   oldest first; `unversioned`: symbols without a version that somebody must have
 */
export function parseRequirements(dynamic, symbols) {
  const libraries = [...dynamic.matchAll(/\(NEEDED\)[^[]*\[([^\]]+)\]/g)].map(([, name]) => name);
  const versions = {};
  const unversioned = [];
  for (const line of symbols.split('\n')) {
    const [, binding, symbol] = /\s(GLOBAL|WEAK)\s+\w+\s+UND\s+(\S+)/.exec(line) ?? [];
    if (symbol === undefined) continue;
    const [, family, version] = /@+([A-Z]+)_([\d.]+)$/.exec(symbol) ?? [];
    if (family === undefined) {
      if (binding === 'GLOBAL') unversioned.push(symbol);
    } else {
      versions[family] ??= new Set();
      versions[family].add(version);
    }
  }
  const sorted = Object.entries(versions).map(([family, found]) => [family, [...found].sort(compareVersions)]);
  return { libraries, versions: Object.fromEntries(sorted), unversioned };
}

/** What a file asks for. */
export function requirementsOf(file) {
  return parseRequirements(
    listing('readelf', ['--wide', '--dynamic', file]),
    listing('readelf', ['--wide', '--dyn-syms', file]),
  );
}

/**
 * What in `requirements` a system with the platform's oldest C library would not have, one line each.
 * @param {{libc: 'glibc' | 'musl', oldestLibc: string}} platform
 */
export function problemsOn({ libc, oldestLibc }, { libraries, versions, unversioned }) {
  const foreign = libraries.filter((name) => !allowedLibraries[libc].test(name));
  const problems = foreign.map((name) => `it needs the library ${name}`);
  for (const [family, found] of Object.entries(versions)) {
    if (libc === 'musl' || family !== 'GLIBC') problems.push(`it needs symbols of ${family}, which ${libc} has not`);
    else if (compareVersions(found.at(-1), oldestLibc) > 0)
      problems.push(`it needs glibc ${found.at(-1)}, and ${oldestLibc} is promised`);
  }
  // Symbols of musl have no versions: that they are there shows when the addon is loaded (-z now).
  if (libc === 'glibc') {
    const unknown = unversioned.filter((name) => !/^(napi|node_api)_/.test(name));
    if (unknown.length > 0) problems.push(`it needs symbols that no version of glibc names: ${unknown.join(', ')}`);
  }
  return problems;
}
