/** The images in folders, as lists: each real file once. */
import { lstat } from 'node:fs/promises';
import { eachImageBelow, type FoundImage, fileIdentity, ImageWalk, looksAtOnce, Taken } from './image_walk.js';
import { LeftOut } from './left_out.js';
import { mapLimited } from './map_limited.js';
import { Semaphore } from './semaphore.js';

/**
 * The images in each of several folders of very many files, sorted by path. Files are looked at one by one only where there are links, so
 * hard links count as files of their own.
 * @returns what is in each folder
 */
export async function imagesBelowEach(
  folders: readonly string[],
  signal?: AbortSignal,
): Promise<{ readonly images: readonly FoundImage[][]; readonly leftOut: LeftOut }> {
  const quick = await imagesWithoutLinks(folders, signal);
  if (quick !== null) return quick;
  const leftOut = new LeftOut();
  const taken = new Taken();
  const images: FoundImage[][] = [];
  for (const folder of folders) images.push(await listed(eachImageBelow(folder, taken, leftOut, signal)));
  return { images, leftOut };
}

/** Null as soon as there is a link. */
async function imagesWithoutLinks(folders: readonly string[], signal: AbortSignal | undefined) {
  const leftOut = new LeftOut();
  const images: FoundImage[][] = [];
  for (const folder of folders) {
    if ((await lstat(folder)).isSymbolicLink()) return null;
    const walk = new ImageWalk(new Taken(), leftOut, { signal, untilLink: true });
    images.push(await listed(walk.folder(folder)));
    if (walk.metLink) return null;
  }
  return { images, leftOut };
}

async function listed(found: AsyncIterable<FoundImage>): Promise<FoundImage[]> {
  const images: FoundImage[] = [];
  for await (const image of found) images.push(image);
  return images.sort(byPath);
}

/**
 * Files that were found in some other way: each real one once, sorted by path.
 * @param taken, leftOut as `eachImageBelow` has them
 */
export async function eachFileOnce(paths: readonly string[], taken: Taken, leftOut: LeftOut): Promise<FoundImage[]> {
  const found = await mapLimited(paths, new Semaphore(looksAtOnce), async (path) => ({
    path,
    id: await fileIdentity(path),
  }));
  const images: FoundImage[] = [];
  // Of several ways to a file the shortest goes through the fewest links.
  for (const { path, id } of found.sort((a, b) => a.path.length - b.path.length || byPath(a, b))) {
    if (await taken.has(path, id)) {
      leftOut.add('taken already');
      continue;
    }
    taken.addFile(id);
    images.push({ path });
  }
  return images.sort(byPath);
}

function byPath(a: FoundImage, b: FoundImage): number {
  return a.path < b.path ? -1 : 1;
}
