/** Which files a checkpoint's name stands for. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '../errors.js';
import { systemError } from './files/byte_source.js';

/** What was found under a name; the contents are not looked at. */
export type Location =
  | { readonly kind: 'file'; readonly path: string }
  /** A V2 checkpoint: `<prefix>.index` exists. */
  | { readonly kind: 'index'; readonly prefix: string }
  /** V1 shards, in order. */
  | { readonly kind: 'shards'; readonly paths: readonly string[] }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'none' };

const shardSuffix = /-(?:\d{5}|\?{5})-of-(\d{5}|\?{5})$/;
const dataSuffix = /\.data-\d{5}-of-\d{5}$/;

/** More shards than this are not looked for. */
const maxShards = 10000;

/**
 * Finds the files of a checkpoint. In order: the prefix of a V2 checkpoint, a file, V1 shards (also written as the
 * pattern `name-?????-of-00002`, as TensorFlow's state files have it), a folder. A single V1 shard or V2 data shard
 * stands for the whole checkpoint. @throws CheckpointError when some of the shards are missing.
 */
export async function locate(path: string): Promise<Location> {
  if ((await kindOf(`${path}.index`)) === 'file') return { kind: 'index', prefix: path };
  const prefixOfData = path.replace(dataSuffix, '');
  if (prefixOfData !== path && (await kindOf(`${prefixOfData}.index`)) === 'file') {
    return { kind: 'index', prefix: prefixOfData };
  }
  const shard = prefixOfData === path ? shardSuffix.exec(basename(path)) : null;
  if (shard !== null) {
    const paths = await findShards(path.slice(0, path.length - shard[0].length), Number(shard[1]));
    if (paths !== undefined) return { kind: 'shards', paths };
  }
  const kind = await kindOf(path);
  if (kind === 'file') return { kind, path };
  const paths = await findShards(path, Number.NaN);
  if (paths !== undefined) return { kind: 'shards', paths };
  return kind === 'folder' ? { kind, path } : { kind: 'none' };
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'none'> {
  try {
    const stats = await stat(path);
    return stats.isDirectory() ? 'folder' : 'file';
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'none';
    throw systemError('The checkpoint cannot be looked up', path, cause);
  }
}

/** The files of a folder; none when there is no such folder. */
export async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw systemError('The folder cannot be listed', folder, cause);
  }
}

/** Names of the files of a folder, those of a V2 checkpoint as its prefix. */
export async function checkpointNames(folder: string): Promise<Set<string>> {
  const files = await listFolder(folder);
  return new Set(files.map((file) => file.replace(/\.index$/, '').replace(dataSuffix, '')));
}

/** All shards of `prefix`, of which there are `total` (NaN: not known). Undefined when there is none. */
async function findShards(prefix: string, total: number): Promise<string[] | undefined> {
  const start = `${basename(prefix)}-`;
  const found = new Map<number, Set<number>>();
  for (const file of await listFolder(dirname(prefix))) {
    const match = file.startsWith(start) ? /^(\d{5})-of-(\d{5})$/.exec(file.slice(start.length)) : null;
    if (match === null) continue;
    const count = Number(match[2]);
    if (!Number.isNaN(total) && count !== total) continue;
    found.set(count, (found.get(count) ?? new Set()).add(Number(match[1])));
  }
  const [set] = found;
  if (set === undefined) return undefined;
  if (found.size > 1) {
    throw new CheckpointError(`There are shards of several checkpoints: of ${[...found.keys()].join(' and of ')}.`, {
      path: prefix,
      hint: `Name the one to read: ${start}?????-of-${pad(set[0])}`,
    });
  }
  const [count, numbers] = set;
  if (count < 1 || count > maxShards) {
    throw new CheckpointError(`Expected 1 to ${maxShards} shards, received names that say ${count}.`, { path: prefix });
  }
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const path = join(dirname(prefix), `${start}${pad(i)}-of-${pad(count)}`);
    if (!numbers.has(i)) {
      throw new CheckpointError(`Shard ${i} of ${count} is missing.`, {
        path,
        hint: 'Copy all shards into one folder.',
      });
    }
    paths.push(path);
  }
  return paths;
}

function pad(number: number): string {
  return String(number).padStart(5, '0');
}
