/** Content hashes of files and of trees of files. */
import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** SHA-256 of a text or a buffer, in hexadecimal. */
export function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

/** SHA-256 of a file, read in pieces. */
export function sha256OfFile(path) {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(1 << 20);
  const file = openSync(path, 'r');
  try {
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
      hash.update(buffer.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

/** Paths of all files (and links) below `folder`, relative to it, with `/`, in code-unit order. */
export function listFiles(folder, { skip = () => false } = {}) {
  const found = [];
  const walk = (relative) => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      const path = relative ? `${relative}/${entry.name}` : entry.name;
      if (skip(path)) continue;
      if (entry.isDirectory()) walk(path);
      else found.push(path);
    }
  };
  walk('');
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * One hash for the paths and contents of a tree of sources. It does not depend on how the tree was packed (compression,
 * times, owners, order), so one recorded value checks an upstream archive and a distribution's repacked copy alike.
 * Paths that start with one of `exclude` do not count.
 * @param {string} folder
 * @param {{exclude?: readonly string[]}} options
 */
export function treeHash(folder, { exclude = [] } = {}) {
  const skip = (path) => exclude.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  const lines = listFiles(folder, { skip }).map((path) => {
    const full = join(folder, path);
    const content = lstatSync(full).isSymbolicLink() ? `link ${readlinkSync(full)}` : sha256OfFile(full);
    return `${content}  ${path}\n`;
  });
  return sha256(lines.join(''));
}

/** The files that `inputs` are or hold, files and folders below `base`. Those that are missing are left out. */
export function inputFiles(base, inputs) {
  return inputs.flatMap((input) => {
    const stat = statSync(join(base, input), { throwIfNoEntry: false });
    if (!stat) return [];
    return stat.isDirectory() ? listFiles(join(base, input)).map((file) => `${input}/${file}`) : [input];
  });
}

/** `{listing, content}` of files and folders below `base`: listing from names, sizes and times, content when called. */
export function fingerprint(base, inputs, extra = '') {
  const files = inputFiles(base, inputs);
  const listing = sha256(
    files
      .map((file) => {
        const { size, mtimeMs } = lstatSync(join(base, file));
        return `${file} ${size} ${mtimeMs}\n`;
      })
      .join('') + extra,
  );
  const content = () =>
    sha256(files.map((file) => `${file} ${sha256(readFileSync(join(base, file)))}\n`).join('') + extra);
  return { listing, content };
}
