/** Weights that the processes of a machine have in common: through which folder. */
import { isAbsolute } from 'node:path';
import { describe } from '../../core/dtype.js';
import { type Defaults, withDefaults } from '../../core/options.js';
import { ArgumentError } from '../../errors.js';
import { cacheFolder, folderUsage } from './cache_folder.js';

/** How weights are shared. */
export interface SharedWeightsOptions {
  /** An absolute path. Default: `sharedWeightsFolder()`. */
  readonly folder?: string;
}

/** What of this process is shared, all sessions with this folder taken together. */
export interface SharedWeightsStats {
  readonly folder: string;
  /** Variables, and what was packed out of them. */
  readonly blocks: number;
  readonly bytes: number;
  /** The latest reason why something is not shared; '' when there was none. */
  readonly problem: string;
}

const defaults = { folder: undefined } satisfies Defaults<SharedWeightsOptions>;

/** Names a folder, or `off`: then nothing is shared, whatever the options say. */
export const sharedWeightsVariable = 'SLIMNET_SHARED_WEIGHTS';

/** The folder unless an option names another; undefined where it is turned off, or where the user has no folder. */
export function sharedWeightsFolder(environment?: NodeJS.ProcessEnv, home?: string): string | undefined {
  return cacheFolder('shared', sharedWeightsVariable, environment, home);
}

/** What is in a folder of shared weights. */
export function sharedWeightsUsage(folder: string): { readonly files: number; readonly bytes: number } {
  return folderUsage(folder, /^[0-9a-f]{32}$/);
}

/** Whether weights are shared, and through which folder. */
export type SharedWeightsChoice = boolean | SharedWeightsOptions;

/** The folder that an option comes to; undefined for none. @throws ArgumentError */
export function sharedWeightsSettings(where: string, option: SharedWeightsChoice): string | undefined {
  if (option === false) return undefined;
  if (option !== true && (typeof option !== 'object' || option === null || Array.isArray(option)))
    throw new ArgumentError(
      `${where}: sharedWeights: expected true, false or { folder }, received ${describe(option)}.`,
    );
  const { folder } = withDefaults(`${where}: sharedWeights`, option === true ? {} : option, defaults);
  if (folder !== undefined && (typeof folder !== 'string' || !isAbsolute(folder)))
    throw new ArgumentError(
      `${where}: sharedWeights: folder: expected an absolute path, received ${describe(folder)}.`,
    );
  if (process.env[sharedWeightsVariable] === 'off') return undefined;
  return folder ?? sharedWeightsFolder();
}
