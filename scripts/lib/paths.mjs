/** Where things are. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The root of the source tree. */
export const root = resolve(import.meta.dirname, '..', '..');

/** The user's cache folder of slimnet: what was downloaded and built once is kept here for every clone. */
export function cacheFolder(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'slimnet');
}

/** package.json as an object. */
export function packageJson(folder = root) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
