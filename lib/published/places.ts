/** Where published weights are kept. */
import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { CheckpointError } from '../errors.js';
import type { PublishedArchive } from './archives.js';

/** Names the folder in which weights are kept. */
export const weightsVariable = 'SLIMNET_WEIGHTS';

/** The folder of weights. @throws CheckpointError where the user has none */
export function weightsFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment[weightsVariable];
  if (named !== undefined && named !== '') return resolve(named);
  // Of relative ones the XDG Base Directory Specification says that they are to be ignored.
  const caches = [environment.XDG_CACHE_HOME ?? '', join(homedir(), '.cache')].find(isAbsolute);
  if (caches === undefined)
    throw new CheckpointError('There is no folder to keep weights in: the user has no home.', {
      hint: `name one in ${weightsVariable}.`,
    });
  return join(caches, 'slimnet', 'weights');
}

/** Where an archive's parts are. */
export interface ArchivePlaces {
  /** The folder of what was unpacked. */
  readonly unpacked: string;
  readonly checkpoint: string;
  /** What is known of the archive that it came from. */
  readonly record: string;
  /** The archive, where the user has put it there. */
  readonly archive: string;
  /** As much of the archive as has come. */
  readonly partial: string;
  readonly lock: string;
}

export function archivePlaces({ file, checkpoint }: PublishedArchive, folder: string): ArchivePlaces {
  const unpacked = join(folder, file.replace(/\.tar\.gz$/, ''));
  return {
    unpacked,
    checkpoint: join(unpacked, checkpoint),
    record: join(unpacked, 'archive.json'),
    archive: join(folder, file),
    partial: join(folder, `${file}.partial`),
    lock: join(folder, `${file}.lock`),
  };
}

/** Bytes of a file, or of all files in a folder; 0 where there is none. */
export function bytesOf(path: string): number {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) return 0;
  if (!info.isDirectory()) return info.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}
