/**
 * What a loss of power may leave of files that a piece of code wrote. The calls of `node:fs/promises` are recorded while it runs;
 * then every prefix of them is taken, and of what no fsync had made sure of by then, anything may be on the disk or not: data of a
 * file in part, names of a folder in any combination.
 */
import fsp, { type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

type Step =
  | { readonly kind: 'create'; readonly file: number; readonly path: string }
  | { readonly kind: 'write'; readonly file: number; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'sync'; readonly file: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'sync folder'; readonly path: string };

/** Contents by path. */
export type Disk = ReadonlyMap<string, Buffer>;

/** Runs `body` and returns its calls in their order. */
export async function record(body: () => Promise<unknown>): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const real = { open: fsp.open, rename: fsp.rename, rm: fsp.rm };
  let files = 0;
  fsp.open = (async (path: string, flags?: string | number, ...rest: []) => {
    const handle = await real.open(path, flags, ...rest);
    const stats = await handle.stat();
    if (stats.isDirectory()) {
      watch(handle, { sync: () => steps.push({ kind: 'sync folder', path: resolve(path) }) });
    } else if (flags === 'wx') {
      const file = files++;
      steps.push({ kind: 'create', file, path: resolve(path) });
      watch(handle, {
        sync: () => steps.push({ kind: 'sync', file }),
        write: (bytes: Uint8Array, offset: number, length: number, at: number) =>
          steps.push({ kind: 'write', file, at, bytes: Buffer.from(bytes.subarray(offset, offset + length)) }),
      });
    } else if (flags === 'w' || flags === 'r+' || flags === 'a') {
      throw new Error(`${path} is written in place, which the recorder does not know.`);
    }
    return handle;
  }) as typeof fsp.open;
  fsp.rename = async (from, to) => {
    await real.rename(from, to);
    steps.push({ kind: 'rename', from: resolve(String(from)), to: resolve(String(to)) });
  };
  fsp.rm = async (path, options) => {
    await real.rm(path, options);
    steps.push({ kind: 'remove', path: resolve(String(path)) });
  };
  try {
    await body();
  } finally {
    Object.assign(fsp, real);
  }
  return steps;
}

/** Calls what stands in `before` ahead of the methods of the same names. */
function watch(handle: FileHandle, before: Readonly<Record<string, (...args: never[]) => void>>): void {
  for (const [name, call] of Object.entries(before)) {
    const methods = handle as unknown as Record<string, (...args: unknown[]) => unknown>;
    const method = (methods[name] as (...args: unknown[]) => unknown).bind(handle);
    methods[name] = async (...args: unknown[]) => {
      call(...(args as never[]));
      return method(...args);
    };
  }
}

/** How much of data that was not synchronised is there. */
const shares = [0, 0.5, 1];

/** Every disk that a loss of power may leave: between any two steps, and with all that was not made sure of there or not. */
export function* disksAfterPowerLoss(before: Disk, steps: readonly Step[]): Generator<Disk> {
  const seen = new Set<string>();
  for (let length = 0; length <= steps.length; length++) {
    const done = steps.slice(0, length);
    const pending = pendingNames(done);
    for (let chosen = 0; chosen < 2 ** pending.length; chosen++) {
      const lost = new Set(pending.filter((_, i) => (chosen & (1 << i)) === 0));
      for (const share of shares) {
        const disk = play(before, done, lost, share);
        const key = JSON.stringify([...disk].sort().map(([path, bytes]) => [path, bytes.toString('base64')]));
        if (seen.has(key)) continue;
        seen.add(key);
        yield disk;
      }
    }
  }
}

/** Renames and removals that no fsync of their folder followed. Temporary names are nobody's business. */
function pendingNames(steps: readonly Step[]): Step[] {
  const pending: Step[] = [];
  for (const step of steps) {
    if (step.kind === 'rename' || step.kind === 'remove') pending.push(step);
    if (step.kind !== 'sync folder') continue;
    const inside = (path: string) => dirname(path) === step.path;
    pending.splice(0, pending.length, ...pending.filter((other) => !inside(nameOf(other))));
  }
  return pending;
}

const nameOf = (step: Step): string => (step.kind === 'rename' ? step.to : step.kind === 'remove' ? step.path : '');

function play(before: Disk, steps: readonly Step[], lost: ReadonlySet<Step>, share: number): Disk {
  const contents = new Map<number, { synced: Buffer; written: Buffer }>();
  const names = new Map<string, number | Buffer>(before);
  for (const step of steps) {
    if (lost.has(step)) continue;
    if (step.kind === 'create') {
      contents.set(step.file, { synced: Buffer.alloc(0), written: Buffer.alloc(0) });
      names.set(step.path, step.file);
    } else if (step.kind === 'write') {
      const file = contents.get(step.file) as { written: Buffer };
      const grown = Buffer.alloc(Math.max(file.written.length, step.at + step.bytes.length));
      file.written.copy(grown);
      step.bytes.copy(grown, step.at);
      file.written = grown;
    } else if (step.kind === 'sync') {
      const file = contents.get(step.file) as { synced: Buffer; written: Buffer };
      file.synced = file.written;
    } else if (step.kind === 'rename') {
      names.set(step.to, names.get(step.from) as number | Buffer);
      names.delete(step.from);
    } else if (step.kind === 'remove') {
      names.delete(step.path);
    }
  }
  const disk = new Map<string, Buffer>();
  for (const [path, content] of names) {
    if (Buffer.isBuffer(content)) disk.set(path, content);
    else {
      const { synced, written } = contents.get(content) as { synced: Buffer; written: Buffer };
      disk.set(path, written.subarray(0, Math.round(synced.length + share * (written.length - synced.length))));
    }
  }
  return disk;
}

/** Has `call` called before each write to a file; what it throws is what the write throws. @returns what ends that */
export function beforeWrites(call: () => void): () => void {
  const open = fsp.open;
  fsp.open = (async (path: string, ...rest: []) => {
    const handle = await open(path, ...rest);
    watch(handle, { write: call });
    return handle;
  }) as typeof fsp.open;
  return () => {
    fsp.open = open;
  };
}
