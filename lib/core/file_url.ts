import { fileURLToPath } from 'node:url';
import { ArgumentError } from '../errors.js';
import { describe } from './dtype.js';

/** True for a URL object, of whatever realm. */
export function isUrl(value: unknown): value is URL {
  return Object.prototype.toString.call(value) === '[object URL]' && typeof (value as URL).href === 'string';
}

/**
 * The path that a `file:` URL stands for.
 * @param what it is to be, for the error
 * @throws ArgumentError for URLs of another kind, and where the path holds what no path can
 */
export function pathOfUrl(url: URL, what: string): string {
  if (url.protocol !== 'file:') {
    throw new ArgumentError(`${what}: expected a file: URL, received ${describe(url.protocol)}.`, {
      hint: 'nothing is fetched: pass the bytes.',
    });
  }
  try {
    return fileURLToPath(url.href);
  } catch (cause) {
    throw new ArgumentError(`${what}: ${describe(url.href)} is no path: ${(cause as Error).message}.`, { cause });
  }
}
