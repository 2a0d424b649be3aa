/** Takes one file out of a gzipped tar archive, and nothing else. */
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Headers as Header } from 'tar-stream';
import { CheckpointError, systemReason } from '../errors.js';

/** Entries that an archive of weights may have: there are a checkpoint and a few graphs in one. */
const maxEntries = 64;

/** What in an entry an archive of weights has no use for; undefined where nothing is odd. */
function oddity({ name, type }: Header): string | undefined {
  if (type !== 'file' && type !== 'contiguous-file' && type !== 'directory') return `is no file but a ${type}`;
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name) || name.includes('\\')) return 'has an absolute path';
  if (name.split('/').includes('..')) return 'leads out of the archive';
  return undefined;
}

/**
 * Writes the file `wanted` of an archive to `target`. Nothing else is written, and an archive with a link, a device, a path that leads elsewhere
 * or a second file of that name is refused.
 * @param limit most bytes of all files together
 * @throws CheckpointError that says what is wrong with the archive; `target` is gone then
 */
export async function unpackOne(
  archive: string,
  wanted: string,
  target: string,
  { limit, signal }: { limit: number; signal: AbortSignal | undefined },
): Promise<void> {
  const fail = (what: string, cause?: unknown) =>
    new CheckpointError(`The archive ${what}.`, { path: archive, ...(cause === undefined ? {} : { cause }) });
  const { extract } = await import('tar-stream');
  const entries = extract();
  // Its failures end the walk below; the pipeline's are told there, too.
  const reading = pipeline(createReadStream(archive), createGunzip(), entries, { ...(signal ? { signal } : {}) });
  reading.catch(() => {});
  const names: string[] = [];
  let found = false;
  try {
    let bytes = 0;
    for await (const entry of entries) {
      const { name, type, size = 0 } = entry.header;
      const odd = oddity(entry.header);
      if (odd !== undefined) throw fail(`holds ${JSON.stringify(name.slice(0, 100))}, which ${odd}`);
      names.push(name.replace(/^\.\//, ''));
      bytes += size;
      if (names.length > maxEntries) throw fail(`holds more than ${maxEntries} entries`);
      if (bytes > limit) throw fail(`unpacks to more than ${limit} bytes`);
      if (type === 'directory' || names.at(-1) !== wanted) {
        entry.resume();
        continue;
      }
      if (found) throw fail(`holds ${wanted} twice`);
      found = true;
      await pipeline(entry, createWriteStream(target));
    }
    await reading;
    if (!found) throw fail(`holds no ${wanted}, but ${names.slice(0, 8).join(', ') || 'nothing'}`);
    const file = await open(target, 'r+');
    await file.sync();
    await file.close();
  } catch (error) {
    await rm(target, { force: true });
    signal?.throwIfAborted();
    if (error instanceof CheckpointError) throw error;
    if (['ENOSPC', 'EACCES', 'EROFS', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw new CheckpointError(`cannot be written: ${systemReason(error)}.`, { path: target, cause: error });
    // What gzip or tar says of bytes that are none, or that end in the middle.
    throw fail(`is damaged or no .tar.gz: ${(error as Error).message}`, error);
  }
}
