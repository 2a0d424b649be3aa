/** What a folder holds, however many files that are: in memory are their names, and no more. */
import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

export interface Entry {
  /** The bytes of its name. */
  readonly name: Buffer;
  readonly kind: 'folder' | 'file' | 'link' | 'other';
}

/** How many names the system is asked for at once. */
const readAtOnce = 1024;

/** What stands behind a name. In a sorted list folders stand where their files would. */
const marks = { folder: '/', file: '\0f', link: '\0l', other: '\0o' } as const satisfies Record<Entry['kind'], string>;
const kinds = new Map(Object.entries(marks).map(([kind, mark]) => [mark as string, kind as Entry['kind']]));

/**
 * The entries of a folder in the order that all paths below it have when they are sorted, by bytes.
 * @throws what the system says; the signal's reason when aborted
 */
export async function sortedEntries(folder: string, signal?: AbortSignal): Promise<Iterable<Entry>> {
  // A character for each byte: so V8 keeps them in as many bytes, where an object for each would take ten times as much.
  const names: string[] = [];
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: readAtOnce };
  for await (const entry of await opendir(folder, options)) {
    if (names.length % readAtOnce === 0) signal?.throwIfAborted();
    const { name } = entry as unknown as Dirent<Buffer>;
    // Put together as bytes: what is put together of strings keeps its parts.
    names.push(Buffer.concat([name, Buffer.from(marks[kindOf(entry)])]).toString('latin1'));
  }
  names.sort();
  return {
    *[Symbol.iterator]() {
      for (const each of names) {
        const folderMark = each.endsWith(marks.folder);
        const end = each.length - (folderMark ? 1 : 2);
        yield { name: Buffer.from(each.slice(0, end), 'latin1'), kind: kinds.get(each.slice(end)) as Entry['kind'] };
      }
    },
  };
}

function kindOf(entry: Pick<Dirent, 'isDirectory' | 'isFile' | 'isSymbolicLink'>): Entry['kind'] {
  if (entry.isDirectory()) return 'folder';
  if (entry.isFile()) return 'file';
  return entry.isSymbolicLink() ? 'link' : 'other';
}
