import { stat } from 'node:fs/promises';
import type { CliIo } from '../io.js';
import { isBucketUrl, objectOf } from './bucket.js';
import type { Input } from './input.js';
import type { ListItem } from './path_list.js';
import { isTarName, tarFile } from './tar.js';

/** What a line of a list, or an argument that names one thing, stands for: an image or an archive, in a file or a bucket. */
export function named({ path, problem }: ListItem, io: Pick<CliIo, 'signal'>): Input {
  if (problem !== undefined) return { name: path, source: '', problem };
  if (isBucketUrl(path)) return objectOf(path, io.signal);
  return isTarName(path) ? tarFile(path) : { name: path, source: path };
}

export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}
