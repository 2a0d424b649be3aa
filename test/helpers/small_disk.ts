/** Disks that are full soon: a real one where this process may mount, and calls of the system that say so. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import fsp, { type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  remove(): void;
}

/** A file system in memory of so many KiB; null, with the reason printed, where nothing may be mounted. */
export function mountSmallDisk(kibibytes: number): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    rmSync(folder, { recursive: true });
    console.warn(`no small disk can be mounted here, so no real one is filled: ${(error as Error).message}`);
    return null;
  }
  return {
    folder,
    remove() {
      execFileSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** What the system says of a full disk. */
export function noSpace(): NodeJS.ErrnoException {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
}

/** Runs `body` on a disk that takes so many bytes more: the write that fills it is cut short, the next one fails. */
export async function onFullDisk<T>(bytes: number, body: () => Promise<T>): Promise<T> {
  const { open } = fsp;
  let left = bytes;
  fsp.open = (async (...args: Parameters<typeof open>) => {
    const handle: FileHandle = await open(...args);
    const write = handle.write.bind(handle) as (...all: unknown[]) => Promise<{ bytesWritten: number }>;
    const sizes = { end: 0 };
    handle.write = (async (chunk: Uint8Array, offset: number, length: number, at: number) => {
      // What lies before the end of the file has its place already.
      const grows = Math.max(0, at + length - Math.max(sizes.end, at));
      if (grows > 0 && left === 0) throw noSpace();
      const taken = Math.min(length, length - grows + left);
      left -= Math.min(grows, left);
      const result = await write(chunk, offset, taken, at);
      sizes.end = Math.max(sizes.end, at + taken);
      return result;
    }) as typeof handle.write;
    return handle;
  }) as typeof open;
  try {
    return await body();
  } finally {
    fsp.open = open;
  }
}
