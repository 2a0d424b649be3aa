/** Published weights: fetched once, kept where the next process finds them. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../checkpoint/index.js';
import { describe } from '../core/dtype.js';
import { withFileLock } from '../core/file_lock.js';
import { makeFolder } from '../core/make_folder.js';
import { checkInteger, type Defaults, type WithDefaults, withDefaults } from '../core/options.js';
import { ArgumentError, CheckpointError, systemReason } from '../errors.js';
import type { NetworkName } from '../slim/nets/registry.js';
import {
  archiveAddress,
  mirrorVariable,
  offlineVariable,
  type PublishedArchive,
  publishedArchive,
} from './archives.js';
import { type DownloadProgress, download, forget } from './download.js';
import { type ArchivePlaces, archivePlaces, weightsFolder, weightsVariable } from './places.js';
import { unpackOne } from './unpack.js';

/** How published weights are fetched. */
export interface FetchWeightsOptions {
  /**
   * Address (https:, or file: of a folder) of the folder that has the archives under their own names. Default: SLIMNET_WEIGHTS_MIRROR, else where
   * they were published.
   */
  readonly mirror?: string;
  /** Where weights are kept. Default: SLIMNET_WEIGHTS, else slimnet/weights in the user's cache. */
  readonly folder?: string;
  /** SHA-256 of the archive, in hexadecimal: another archive is refused. None of TF-Slim's is published. */
  readonly sha256?: string;
  /** Most bytes of the archive. 2 GiB unless told. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** Called as bytes come. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Called with what a person wants to read: what is waited for, what is fetched, and what could not be checked. */
  readonly onMessage?: (text: string) => void;
  /** Milliseconds after which a server that sends nothing is given up. 30 000 unless told. */
  readonly silenceMs?: number;
  /** Milliseconds before a second attempt. 500 unless told; each further one waits twice as long. */
  readonly retryMs?: number;
}

const defaults = {
  mirror: undefined,
  folder: undefined,
  sha256: undefined,
  maxBytes: 2 * 2 ** 30,
  signal: undefined,
  onProgress: undefined,
  onMessage: undefined,
  silenceMs: 30_000,
  retryMs: 500,
} satisfies Defaults<FetchWeightsOptions>;

type Settings = WithDefaults<FetchWeightsOptions, typeof defaults>;

/** Weights that are there. */
export interface FetchedWeights {
  readonly network: NetworkName;
  /** The checkpoint. */
  readonly path: string;
  /** Where the archive came from. */
  readonly source: string;
  /** Of the archive. */
  readonly sha256: string;
  /** Whether the archive was compared with a hash that somebody had published or given. */
  readonly verified: boolean;
}

/** What is noted down beside a checkpoint. */
type ArchiveRecord = Omit<FetchedWeights, 'network' | 'path'>;

/** Of an archive, what it may unpack to. */
const unpackedLimit = 4 * 2 ** 30;

/**
 * The published weights of a network: those that are there already, or an archive that the user has put into the folder, else downloaded. The
 * checkpoint appears under its name when it is whole and was read once; processes that fetch the same at the same time wait for each other.
 * @throws ArgumentError where none were published, CheckpointError that says which file to put where when they cannot be had
 */
export async function fetchWeights(name: NetworkName, options: FetchWeightsOptions = {}): Promise<FetchedWeights> {
  const settings = withDefaults('fetchWeights', options, defaults);
  const { folder = weightsFolder(), sha256, signal, onMessage } = settings;
  const archive = publishedArchive(name);
  if (sha256 !== undefined && !/^[\da-f]{64}$/i.test(sha256))
    throw new ArgumentError(`sha256: expected 64 hexadecimal digits, received ${describe(sha256)}.`);
  checkInteger('fetchWeights', 'maxBytes', settings.maxBytes, 1, 2 ** 50);
  const wanted = (sha256 ?? archive.sha256)?.toLowerCase();
  const places = archivePlaces(archive, folder);
  const url = archiveAddress(archive, settings.mirror);
  const present = await recorded(archive, places, wanted);
  if (present !== undefined) return present;
  try {
    await makeFolder(folder);
  } catch (cause) {
    throw new CheckpointError(`cannot be made: ${systemReason(cause)}.`, {
      path: folder,
      hint: `name another folder in ${weightsVariable}.`,
      cause,
    });
  }
  const onWait = (holder: string) => onMessage?.(`waiting: ${holder} fetches ${archive.file} (${places.lock})`);
  return withFileLock(places.lock, { signal, onWait }, async () => {
    const meanwhile = await recorded(archive, places, wanted);
    if (meanwhile !== undefined) return meanwhile;
    const { file, source, isOurs } = await archiveFile(archive, places, url, settings);
    const hash = await sha256Of(file, signal);
    if (wanted !== undefined && hash !== wanted) {
      if (isOurs) await forget(places.partial);
      throw new CheckpointError(`The archive has the SHA-256 ${hash}, and ${wanted} was expected.`, { path: source });
    }
    const record: ArchiveRecord = { source, sha256: hash, verified: wanted !== undefined };
    try {
      await place(archive, file, places, record, signal);
    } catch (error) {
      // What is no archive of such weights is not gone on with.
      if (isOurs && !signal?.aborted) await forget(places.partial);
      throw error;
    }
    if (isOurs) await forget(places.partial);
    if (!record.verified) onMessage?.(unverified(archive, record));
    return { network: name, path: places.checkpoint, ...record };
  });
}

function unverified({ file }: PublishedArchive, { sha256 }: ArchiveRecord): string {
  return `${file}: nobody has published its hash, so its own checksums are all that was checked; its SHA-256 is ${sha256}`;
}

/** The weights that are there, if they are the wanted ones. */
async function recorded(
  { network }: PublishedArchive,
  { checkpoint, record }: ArchivePlaces,
  wanted: string | undefined,
): Promise<FetchedWeights | undefined> {
  if (!existsSync(checkpoint)) return undefined;
  let known: ArchiveRecord | undefined;
  try {
    known = JSON.parse(await readFile(record, 'utf8')) as ArchiveRecord;
  } catch {
    // Somebody has put the checkpoint there by hand.
  }
  const { source = checkpoint, sha256 = '' } = known ?? {};
  if (wanted !== undefined && sha256 !== wanted) {
    throw new CheckpointError(
      `These weights are of an archive with ${sha256 === '' ? 'an unknown SHA-256' : `the SHA-256 ${sha256}`}, and ${wanted} was expected.`,
      { path: checkpoint, hint: `\`slimnet weights rm ${network}\` removes them.` },
    );
  }
  return { network, path: checkpoint, source, sha256, verified: wanted !== undefined || known?.verified === true };
}

/** The archive on this machine: put there by the user, in a mirror's folder, or downloaded. */
async function archiveFile(
  archive: PublishedArchive,
  places: ArchivePlaces,
  url: URL,
  settings: Settings,
): Promise<{ file: string; source: string; isOurs: boolean }> {
  if (existsSync(places.archive)) return { file: places.archive, source: places.archive, isOurs: false };
  if (url.protocol === 'file:') {
    const file = fileURLToPath(url);
    await stat(file).catch((cause) => {
      throw new CheckpointError(`cannot be read: ${systemReason(cause)}.`, {
        path: file,
        hint: byHand(archive, places),
        cause,
      });
    });
    return { file, source: file, isOurs: false };
  }
  if (process.env[offlineVariable] === '1')
    throw new CheckpointError(`The weights of ${archive.network} are not there, and ${offlineVariable} is set.`, {
      hint: byHand(archive, places),
    });
  const { maxBytes, signal, onProgress, silenceMs, retryMs } = settings;
  settings.onMessage?.(`fetching ${url.href}`);
  try {
    await download({ url, partial: places.partial, maxBytes, signal, onProgress, silenceMs, retryMs });
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new CheckpointError(error.message, { hint: byHand(archive, places), cause: error });
  }
  return { file: places.partial, source: url.href, isOurs: true };
}

/** What to do where there is no way to the archive. */
function byHand({ file, checkpoint }: PublishedArchive, places: ArchivePlaces): string {
  return (
    `put the archive ${file} from elsewhere at ${places.archive}, or its ${checkpoint} at ${places.checkpoint}; ` +
    `${mirrorVariable} names another place that has the archives.`
  );
}

async function sha256Of(file: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, signal ? { signal } : {})) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/** Unpacks the checkpoint beside its place, reads it, and moves it there. */
async function place(
  { checkpoint }: PublishedArchive,
  file: string,
  places: ArchivePlaces,
  record: ArchiveRecord,
  signal: AbortSignal | undefined,
): Promise<void> {
  await makeFolder(places.unpacked);
  const partial = join(places.unpacked, `${checkpoint}.partial`);
  await unpackOne(file, checkpoint, partial, { limit: unpackedLimit, signal });
  try {
    const reader = await openCheckpoint(partial, signal ? { signal } : {});
    await reader.close();
    await writeFile(places.record, `${JSON.stringify(record, null, 2)}\n`);
    await rename(partial, places.checkpoint);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
