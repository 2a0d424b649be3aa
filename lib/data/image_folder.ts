/** The images in a folder: by their contents where the names do not say, each real file once. */
import { isUtf8 } from 'node:buffer';
import { constants, type Dirent } from 'node:fs';
import { lstat, open, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ImageError, systemReason } from '../errors.js';
import { imageFormat, signatureBytes } from './image_format.js';
import { LeftOut } from './left_out.js';
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

/** Such a name in ASCII, and not hidden. */
const plainImageName = /^[^.\x7f-\xff][^\x7f-\xff]*\.(jpe?g|jpe|jfif|pjpeg|pjp|png|apng|webp|avif|tiff?|gif)$/i;
/** TIFF files by their first bytes, but what stands first in them is a preview. */
const cameraRawName =
  /\.(3fr|arw|cr2|cr3|dcr|dng|erf|fff|iiq|k25|kdc|mef|mos|mrw|nef|nrw|orf|pef|raf|raw|rw2|rwl|sr2|srf|srw|x3f)$/i;
/** Files that are looked at together. */
const looksAtOnce = 16;

/**
 * All images below a folder, sorted by path. Links are followed; a file or folder that can be reached in several ways is taken once, under a
 * name of its own rather than through a link. What begins with a full stop is hidden, with all below it.
 * @param taken identities of files (`fileIdentity`) that are not to be taken again; those of this folder are added
 * @param leftOut told of what is left out
 * @throws the signal's reason when aborted
 */
export async function imagesBelow(
  folder: string,
  taken: Set<string>,
  leftOut: LeftOut,
  signal?: AbortSignal,
): Promise<FoundImage[]> {
  const walk = new Walk(leftOut, signal, true);
  await walk.all(folder);
  return eachOnce([...walk.ownNames.sort(byPath), ...walk.throughLinks.sort(byPath)], taken, leftOut);
}

/**
 * `imagesBelow` for several folders of very many files. Files are looked at one by one only where there are links, so hard links count as
 * files of their own.
 * @returns what is in each folder
 */
export async function imagesBelowEach(
  folders: readonly string[],
  signal?: AbortSignal,
): Promise<{ readonly images: readonly FoundImage[][]; readonly leftOut: LeftOut }> {
  const quick = await imagesWithoutLinks(folders, signal);
  if (quick !== null) return quick;
  const leftOut = new LeftOut();
  const taken = new Set<string>();
  const images: FoundImage[][] = [];
  for (const folder of folders) images.push(await imagesBelow(folder, taken, leftOut, signal));
  return { images, leftOut };
}

/** Null as soon as there is a link. */
async function imagesWithoutLinks(folders: readonly string[], signal: AbortSignal | undefined) {
  const leftOut = new LeftOut();
  const images: FoundImage[][] = [];
  for (const folder of folders) {
    if ((await lstat(folder)).isSymbolicLink()) return null;
    const walk = new Walk(leftOut, signal, false);
    await walk.all(folder);
    if (walk.foundLink) return null;
    images.push(walk.ownNames.sort(byPath).map(({ id, ...image }) => image));
  }
  return { images, leftOut };
}

/**
 * Files that were found in some other way: each real one once, sorted by path.
 * @param taken, leftOut as `imagesBelow` has them
 */
export async function eachFileOnce(
  paths: readonly string[],
  taken: Set<string>,
  leftOut: LeftOut,
): Promise<FoundImage[]> {
  const found = await mapLimited(paths, new Semaphore(looksAtOnce), async (path) => ({
    path,
    id: await fileIdentity(path),
  }));
  // Of several ways to a file the shortest goes through the fewest links.
  return eachOnce(
    found.sort((a, b) => a.path.length - b.path.length || byPath(a, b)),
    taken,
    leftOut,
  );
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

interface Candidate extends FoundImage {
  readonly id: string | null;
}

function eachOnce(candidates: readonly Candidate[], taken: Set<string>, leftOut: LeftOut): FoundImage[] {
  const images: FoundImage[] = [];
  for (const { id, ...image } of candidates) {
    if (id !== null && taken.has(id)) {
      leftOut.add('taken already');
      continue;
    }
    if (id !== null) taken.add(id);
    images.push(image);
  }
  return images.sort(byPath);
}

function byPath(a: FoundImage, b: FoundImage): number {
  return a.path < b.path ? -1 : 1;
}

/** One walk through a folder. Links to folders come last, so that what they lead to is known by then. */
class Walk {
  readonly ownNames: Candidate[] = [];
  readonly throughLinks: Candidate[] = [];
  foundLink = false;
  readonly #leftOut: LeftOut;
  readonly #signal: AbortSignal | undefined;
  readonly #looks = new Semaphore(looksAtOnce);
  readonly #read = new Set<string>();
  readonly #links: string[] = [];
  readonly #identifies: boolean;

  /** @param identifies false: files of plain names are taken by those, and the walk ends at the first link */
  constructor(leftOut: LeftOut, signal: AbortSignal | undefined, identifies: boolean) {
    this.#identifies = identifies;
    this.#leftOut = leftOut;
    this.#signal = signal;
  }

  async all(folder: string): Promise<void> {
    await this.#tree(folder, false);
    while (this.#links.length > 0) for (const link of this.#links.splice(0).sort()) await this.#tree(link, true);
  }

  async #tree(root: string, byLink: boolean): Promise<void> {
    const folders = [root];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      this.#signal?.throwIfAborted();
      const id = await fileIdentity(folder);
      if (id !== null && this.#read.has(id)) continue;
      if (id !== null) this.#read.add(id);
      folders.push(...(await this.#folder(folder, byLink)));
    }
  }

  /** @returns the folders in it */
  async #folder(folder: string, byLink: boolean): Promise<string[]> {
    let entries: Dirent<Buffer>[];
    try {
      entries = await readdir(folder, { encoding: 'buffer', withFileTypes: true });
    } catch (cause) {
      const problem = new ImageError(`The folder cannot be read: ${systemReason(cause)}.`, { path: folder, cause });
      this.ownNames.push({ path: folder, id: null, problem });
      return [];
    }
    const folders: string[] = [];
    if (!this.#identifies) {
      this.foundLink ||= entries.some((entry) => entry.isSymbolicLink());
      if (this.foundLink) return [];
      const isPlain = (entry: Dirent<Buffer>) => entry.isFile() && plainImageName.test(entry.name.toString('latin1'));
      for (const entry of entries)
        if (isPlain(entry)) this.ownNames.push({ path: join(folder, entry.name.toString()), id: null });
      entries = entries.filter((entry) => !isPlain(entry));
    }
    await mapLimited(entries, this.#looks, async (entry) => {
      const path = join(folder, entry.name.toString());
      const into = byLink || entry.isSymbolicLink() ? this.throughLinks : this.ownNames;
      if (entry.name[0] === fullStop) return this.#leftOut.add('hidden');
      if (!isUtf8(entry.name)) {
        const problem = new ImageError('The name of this file is not UTF-8.', {
          path,
          hint: 'rename it, or give its bytes on standard input.',
        });
        return void into.push({ path, id: null, problem });
      }
      const info = await stat(path, { bigint: true }).catch(() => null);
      if (info === null) {
        if (imageName.test(path)) into.push({ path, id: null });
        else this.#leftOut.add('broken link');
      } else if (info.isDirectory()) {
        if (entry.isSymbolicLink()) this.#links.push(path);
        else folders.push(path);
      } else if (!info.isFile()) this.#leftOut.add('device or pipe');
      else if (imageName.test(path)) into.push({ path, id: identityOf(info, path) });
      else if (cameraRawName.test(path)) this.#leftOut.add('camera raw', kindOf(path));
      else if (await holdsImage(path)) into.push({ path, id: identityOf(info, path) });
      else this.#leftOut.add('no image', kindOf(path));
    });
    return folders;
  }
}

const fullStop = 0x2e;

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
