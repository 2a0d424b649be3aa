/** Images below a folder, one after the other: however many there are, in memory is no more than the names of the folders on the way. */
import { isUtf8 } from 'node:buffer';
import { type BigIntStats, constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { ImageError, systemReason } from '../errors.js';
import { type Entry, sortedEntries } from './folder_entries.js';
import { imageFormat, signatureBytes } from './image_format.js';
import type { LeftOut } from './left_out.js';
import { mapLimited } from './map_limited.js';
import { Semaphore } from './semaphore.js';

/** A file that is to be read as an image. */
export interface FoundImage {
  readonly path: string;
  /** Why it cannot be read, where that is known already. */
  readonly problem?: ImageError;
}

/** Names that say that there is an image, so that a damaged one is told instead of left out. */
const imageName = /\.(jpe?g|jpe|jfif|pjpeg|pjp|png|apng|webp|avif|tiff?|gif)$/i;

/** Whether a name says that the file is an image. */
export function namesImage(path: string): boolean {
  return imageName.test(path);
}

/** TIFF files by their first bytes, but what stands first in them is a preview. */
const cameraRawName =
  /\.(3fr|arw|cr2|cr3|dcr|dng|erf|fff|iiq|k25|kdc|mef|mos|mrw|nef|nrw|orf|pef|raf|raw|rw2|rwl|sr2|srf|srw|x3f)$/i;
/** Files that are looked at together. */
export const looksAtOnce = 16;
const fullStop = 0x2e;

/**
 * What was taken, so that nothing is taken twice. Of a folder that was gone through, its files are taken, and need not be remembered; only those that may be
 * reached in other ways are.
 */
export class Taken {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  addFile(id: string | null): void {
    if (id !== null) this.#files.add(id);
  }

  addFolder(id: string | null): void {
    if (id !== null) this.#folders.add(id);
  }

  hasFolder(id: string | null): boolean {
    return id !== null && this.#folders.has(id);
  }

  hasFile(id: string | null): boolean {
    return id !== null && this.#files.has(id);
  }

  /** Whether a file, under whatever name, was taken: itself, or with the folder that it is in. */
  async has(path: string, id: string | null): Promise<boolean> {
    if (this.hasFile(id)) return true;
    if (id === null || this.#folders.size === 0) return false;
    const own = await realpath(path).catch(() => null);
    if (own === null || basename(own).startsWith('.') || !this.hasFolder(await fileIdentity(dirname(own))))
      return false;
    return namesImage(own) || (!cameraRawName.test(own) && (await holdsImage(own)));
  }
}

/** What all names of one file have in common; null where there is none. */
export async function fileIdentity(path: string): Promise<string | null> {
  const info = await stat(path, { bigint: true }).catch(() => null);
  return info === null ? null : identityOf(info, path);
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }, path: string): string {
  // Some file systems number no files.
  return ino === 0n ? path : `${dev}:${ino}`;
}

/**
 * All images below a folder, sorted by path; after them those to which links lead, sorted as well. A file or folder that can be reached in several ways
 * is taken once, under a name of its own rather than through a link. What begins with a full stop is hidden, with all below it.
 * @param taken what is not to be taken again; what this folder has is added
 * @param leftOut told of what is left out
 * @throws the signal's reason when aborted
 */
export async function* eachImageBelow(
  folder: string,
  taken: Taken,
  leftOut: LeftOut,
  signal?: AbortSignal,
): AsyncGenerator<FoundImage> {
  const walk = new ImageWalk(taken, leftOut, { signal });
  yield* walk.folder(folder);
  yield* walk.links();
}

interface Candidate extends FoundImage {
  readonly id: string | null;
  /** Whether other names of it may be found. */
  readonly shared: boolean;
}

/** One walk through a folder: `folder`, and then `links`. */
export class ImageWalk {
  readonly #taken: Taken;
  readonly #leftOut: LeftOut;
  readonly #signal: AbortSignal | undefined;
  readonly #looks = new Semaphore(looksAtOnce);
  /** Folders of this walk: none is gone through twice, whatever leads to it. */
  readonly #walked = new Set<string>();
  readonly #links: string[] = [];
  readonly #untilLink: boolean;

  /** @param untilLink files of plain names are taken by those, without a look at each; the walk ends at the first link */
  constructor(
    taken: Taken,
    leftOut: LeftOut,
    { signal, untilLink = false }: { readonly signal: AbortSignal | undefined; readonly untilLink?: boolean },
  ) {
    this.#taken = taken;
    this.#leftOut = leftOut;
    this.#signal = signal;
    this.#untilLink = untilLink;
  }

  get metLink(): boolean {
    return this.#links.length > 0;
  }

  async *folder(folder: string): AsyncGenerator<FoundImage> {
    this.#signal?.throwIfAborted();
    if (this.#untilLink && this.metLink) return;
    const id = await fileIdentity(folder);
    if (id !== null && this.#walked.has(id)) return;
    if (id !== null) this.#walked.add(id);
    // Of a folder that an earlier argument went through everything is taken already: it is gone through to be counted.
    const again = this.#taken.hasFolder(id);
    let entries: Iterable<Entry>;
    try {
      entries = await sortedEntries(folder, this.#signal);
    } catch (cause) {
      yield {
        path: folder,
        problem: new ImageError(`The folder cannot be read: ${systemReason(cause)}.`, { path: folder, cause }),
      };
      return;
    }
    let files: Entry[] = [];
    for (const entry of entries) {
      const isFolder = entry.kind === 'folder' && entry.name[0] !== fullStop && isUtf8(entry.name);
      if (!isFolder) files.push(entry);
      if (isFolder || files.length >= 4 * looksAtOnce) {
        yield* this.#files(folder, files, again);
        files = [];
      }
      if (isFolder) yield* this.folder(join(folder, entry.name.toString()));
    }
    yield* this.#files(folder, files, again);
    // From now on a link to one of its files finds it taken.
    this.#taken.addFolder(id);
  }

  /** What links led to that were met. Links come last, so that what they lead to is known by then. */
  async *links(): AsyncGenerator<FoundImage> {
    while (this.#links.length > 0)
      for (const path of this.#links.splice(0).sort()) {
        const info = await stat(path, { bigint: true }).catch(() => null);
        if (info?.isDirectory()) {
          yield* this.folder(path);
          continue;
        }
        const found = await this.#look(path, info);
        if (found === null) continue;
        if (await this.#taken.has(path, found.id)) this.#leftOut.add('taken already');
        else {
          this.#taken.addFile(found.id);
          yield imageOf(found);
        }
      }
  }

  /** Files of a folder, looked at a few at a time, in their order. */
  async *#files(folder: string, entries: readonly Entry[], again: boolean): AsyncGenerator<FoundImage> {
    const found = await mapLimited(entries, this.#looks, async (entry) => {
      const path = join(folder, entry.name.toString());
      if (entry.name[0] === fullStop) {
        this.#leftOut.add('hidden');
        return null;
      }
      if (!isUtf8(entry.name)) {
        const hint = 'rename it, or give its bytes on standard input.';
        const problem = new ImageError('The name of this file is not UTF-8.', { path, hint });
        return { path, id: null, shared: false, problem };
      }
      if (entry.kind === 'link') {
        this.#links.push(path);
        return null;
      }
      if (this.#untilLink && entry.kind === 'file' && namesImage(path)) return { path, id: null, shared: false };
      return this.#look(path, await stat(path, { bigint: true }).catch(() => null));
    });
    for (const image of found) {
      if (image === null) continue;
      if (image.problem === undefined && (again || this.#taken.hasFile(image.id))) this.#leftOut.add('taken already');
      else {
        if (image.shared) this.#taken.addFile(image.id);
        yield imageOf(image);
      }
    }
  }

  /** What a file is; null where it is left out. */
  async #look(path: string, info: BigIntStats | null): Promise<Candidate | null> {
    if (info === null) {
      if (namesImage(path)) return { path, id: null, shared: false };
      this.#leftOut.add('broken link');
      return null;
    }
    const found = { path, id: identityOf(info, path), shared: info.nlink > 1n };
    if (!info.isFile()) this.#leftOut.add('device or pipe');
    else if (namesImage(path)) return found;
    else if (cameraRawName.test(path)) this.#leftOut.add('camera raw', kindOf(path));
    else if (await holdsImage(path)) return found;
    else this.#leftOut.add('no image', kindOf(path));
    return null;
  }
}

function imageOf({ path, problem }: Candidate): FoundImage {
  return problem === undefined ? { path } : { path, problem };
}

function kindOf(path: string): string {
  return extname(path).toLowerCase() || 'without extension';
}

/** Whether a file begins as an image does. What cannot be opened is taken for one, so that its reader says why. */
async function holdsImage(path: string): Promise<boolean> {
  try {
    // Without O_NONBLOCK (which Windows lacks), opening a named pipe would wait for its writer.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const head = new Uint8Array(signatureBytes);
      const { bytesRead } = await file.read(head, 0, head.length, 0);
      return imageFormat(head.subarray(0, bytesRead)) !== null;
    } finally {
      await file.close();
    }
  } catch {
    return true;
  }
}
