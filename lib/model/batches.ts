import { mapLimited } from './map_limited.js';

/** Largest batch that a model runs at once unless told. */
export const defaultMaxBatch = 32;

/** What is done with each item of a list. */
export interface BatchWork<T, R> {
  /** Items that run at once at most. */
  readonly maxBatch: number;
  /** Items that are prepared at the same time. */
  readonly concurrency: number;
  /** An item's input; all have the same length. */
  readonly prepare: (item: T, signal: AbortSignal) => Promise<Float32Array>;
  /** Results of `size` inputs that lie one after another. */
  readonly run: (inputs: Float32Array, size: number, signal: AbortSignal) => Promise<readonly R[]>;
  /** Told of items that cannot be prepared, which are left out. Without it the first of them ends the work. */
  readonly onFailure?: (item: T, error: unknown) => void;
  readonly signal?: AbortSignal | undefined;
}

/** An item with its result. */
export interface Outcome<T, R> {
  readonly item: T;
  readonly result: R;
}

/**
 * Sizes that add up to `count`, each a power of two or `maxBatch`, largest first. A program is compiled for each batch size, so
 * few sizes serve any number of images and no image is computed for nothing.
 */
export function batchSizes(count: number, maxBatch: number): number[] {
  const sizes: number[] = [];
  for (let left = count; left > 0; ) {
    const size = left >= maxBatch ? maxBatch : 2 ** Math.floor(Math.log2(left));
    sizes.push(size);
    left -= size;
  }
  return sizes;
}

interface Prepared<T> {
  readonly items: readonly T[];
  readonly inputs: Float32Array;
}

/**
 * Prepares and runs items batch by batch; the next batch is prepared while one runs. Results come in the order of the items.
 * @throws what `prepare` (of the earliest item) or `run` throws, the signal's reason when aborted; what was begun is waited for
 */
export async function* inBatches<T, R>(
  items: readonly T[],
  work: BatchWork<T, R>,
): AsyncGenerator<readonly Outcome<T, R>[]> {
  const { maxBatch, signal } = work;
  signal?.throwIfAborted();
  const stop = new AbortController();
  const abort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  let taken = 0;
  // A batch that lacks items because they failed is filled up with later ones: every other size is one more program.
  const collect = async (): Promise<Prepared<T>> => {
    const good: { item: T; input: Float32Array }[] = [];
    while (good.length < maxBatch && taken < items.length) {
      const chunk = items.slice(taken, taken + maxBatch - good.length);
      taken += chunk.length;
      const prepared = await mapLimited(chunk, work.concurrency, (item) => prepareOne(item, work, stop.signal));
      prepared.forEach((input, i) => {
        if (input !== null) good.push({ item: chunk[i] as T, input });
      });
    }
    return { items: good.map(({ item }) => item), inputs: concatenate(good.map(({ input }) => input)) };
  };
  let upcoming = collect();
  try {
    for (;;) {
      const batch = await upcoming;
      if (batch.items.length === 0) return;
      upcoming = collect();
      // A failure of the upcoming batch is reported when its turn comes, and must not go unhandled until then.
      upcoming.catch(() => {});
      const width = batch.inputs.length / batch.items.length;
      let from = 0;
      for (const size of batchSizes(batch.items.length, maxBatch)) {
        stop.signal.throwIfAborted();
        const results = await work.run(batch.inputs.subarray(from * width, (from + size) * width), size, stop.signal);
        const outcomes = results.map((result, i) => ({ item: batch.items[from + i] as T, result }));
        from += size;
        yield outcomes;
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    stop.abort(signal?.reason);
    await upcoming.catch(() => {});
  }
}

/** The input of an item, or null when it failed and somebody wants to know. */
async function prepareOne<T>(
  item: T,
  { prepare, onFailure }: BatchWork<T, unknown>,
  signal: AbortSignal,
): Promise<Float32Array | null> {
  try {
    signal.throwIfAborted();
    return await prepare(item, signal);
  } catch (error) {
    if (onFailure === undefined || signal.aborted) throw error;
    onFailure(item, error);
    return null;
  }
}

/** Arrays one after another in one. */
export function concatenate(arrays: readonly Float32Array[]): Float32Array {
  if (arrays.length === 1) return arrays[0] as Float32Array;
  const all = new Float32Array(arrays.reduce((sum, a) => sum + a.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
