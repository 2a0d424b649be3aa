/** Folders for what slimnet keeps of a user's between processes, where nobody names others. */
import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * @param kind the name of the folder in slimnet's own
 * @param variable of the environment: names another one, or is `off`, which turns it off
 * @returns undefined where it is turned off, or where the user has no folder
 */
export function cacheFolder(
  kind: string,
  variable: string,
  environment: NodeJS.ProcessEnv = process.env,
  home = homeFolder(),
): string | undefined {
  const named = environment[variable];
  if (named === 'off') return undefined;
  if (named !== undefined && named !== '') return resolve(named);
  // Of relative ones the XDG Base Directory Specification says that they are to be ignored.
  const caches = [environment.XDG_CACHE_HOME ?? '', join(home, '.cache')].find(isAbsolute);
  return caches === undefined ? undefined : join(caches, 'slimnet', kind);
}

/** '' where the user has none. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '';
  }
}

/** What is in a folder, of the files whose names fit; none where there is no such folder. */
export function folderUsage(folder: string, names: RegExp): { readonly files: number; readonly bytes: number } {
  let files = 0;
  let bytes = 0;
  try {
    for (const name of readdirSync(folder).filter((each) => names.test(each))) {
      bytes += statSync(join(folder, name)).size;
      files++;
    }
  } catch {
    // It is not there, or goes away meanwhile.
  }
  return { files, bytes };
}
