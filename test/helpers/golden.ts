import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the fixtures that TensorFlow made. */
export const goldenFolder = join(__dirname, '..', 'golden');

/** A fixture by its path below the folder. */
export function golden<T>(path: string): T {
  return JSON.parse(readFileSync(join(goldenFolder, path), 'utf8')) as T;
}
