/** Where packed weights are kept on disk, so that the next process need not pack them. */
import { isAbsolute } from 'node:path';
import { describe } from '../../core/dtype.js';
import { checkInteger, type Defaults, withDefaults } from '../../core/options.js';
import type { ComputePrecision } from '../../core/precision.js';
import { ArgumentError } from '../../errors.js';
import { cacheFolder, folderUsage } from './cache_folder.js';

/** How packed weights are kept. */
export interface PackedCacheOptions {
  /** An absolute path. Default: `packedCacheFolder()`. */
  readonly folder?: string;
  /** Bytes above which files that were not used for longest are removed. Default 2 GiB. */
  readonly limitBytes?: number;
}

/** A folder and its limit. */
export interface PackedCacheSettings {
  readonly folder: string;
  readonly limit: number;
}

/** What became of them in this process, all sessions with this folder and limit taken together. */
export interface PackedCacheStats {
  readonly folder: string;
  /** Sets of weights that were read. */
  readonly found: number;
  /** Sets that were not there, or not to be used, and were packed. */
  readonly missing: number;
  readonly saved: number;
  /** The latest reason why a file could not be read or written; '' when there was none. */
  readonly problem: string;
}

const defaults = { folder: undefined, limitBytes: 2 * 2 ** 30 } satisfies Defaults<PackedCacheOptions>;

/** Names a folder, or `off`: then nothing is kept, whatever the options say. */
export const packedCacheVariable = 'SLIMNET_PACKED_CACHE';

/** The folder unless an option names another; undefined where it is turned off, or where the user has no folder. */
export function packedCacheFolder(environment?: NodeJS.ProcessEnv, home?: string): string | undefined {
  return cacheFolder('packed', packedCacheVariable, environment, home);
}

/** What is in a folder of packed weights. */
export function packedCacheUsage(folder: string): { readonly files: number; readonly bytes: number } {
  return folderUsage(folder, /\.packed$/);
}

/** Whether packed weights are kept, and where; `auto`: where it makes the next start faster, which float32 does not. */
export type PackedCacheChoice = boolean | 'auto' | PackedCacheOptions;

/** What an option comes to for a precision; undefined for none. @throws ArgumentError */
export function packedCacheSettings(
  where: string,
  option: PackedCacheChoice,
  precision: ComputePrecision,
): PackedCacheSettings | undefined {
  if (option === false || (option === 'auto' && precision === 'float32')) return undefined;
  const usualOne = option === true || option === 'auto';
  if (!usualOne && (typeof option !== 'object' || option === null || Array.isArray(option)))
    throw new ArgumentError(
      `${where}: packedCache: expected true, false, auto or { folder, limitBytes }, received ${describe(option)}.`,
    );
  const { folder, limitBytes } = withDefaults(`${where}: packedCache`, usualOne ? {} : option, defaults);
  if (folder !== undefined && (typeof folder !== 'string' || !isAbsolute(folder)))
    throw new ArgumentError(`${where}: packedCache: folder: expected an absolute path, received ${describe(folder)}.`);
  checkInteger(where, 'packedCache: limitBytes', limitBytes, 0, 2 ** 50);
  if (process.env[packedCacheVariable] === 'off') return undefined;
  const chosen = folder ?? packedCacheFolder();
  return chosen === undefined ? undefined : { folder: chosen, limit: limitBytes };
}
