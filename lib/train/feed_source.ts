/** Where training gets its feeds from. */
import { describe } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';
import type { Feeds } from '../runtime/index.js';
import type { StepFeeds } from './train_step.js';

/**
 * Feeds for each step: a function of the global step before it, or something to iterate over, batch by batch. Training ends where the
 * function gives null, and where the iteration ends. Where a step accumulates the gradients of several batches, the function gives a list.
 */
export type FeedSource =
  | ((step: number) => StepFeeds | null | undefined | Promise<StepFeeds | null | undefined>)
  | Iterable<Feeds>
  | AsyncIterable<Feeds>;

/** Feeds one step after the other. */
export interface FeedReader {
  /** Null at the end; batches that are too few for a step are left out. */
  next(step: number): Promise<StepFeeds | null>;
  /** Tells an iteration that nothing more is wanted. */
  close(): Promise<void>;
}

/** @param batches of each step. @throws ArgumentError for what gives no feeds */
export function readFeeds(source: FeedSource | undefined, batches: number, where: string): FeedReader {
  const nothing = async (): Promise<void> => {};
  if (source === undefined) {
    const none: StepFeeds = batches === 1 ? {} : Array.from({ length: batches }, () => ({}));
    return { next: async () => none, close: nothing };
  }
  if (typeof source === 'function') return { next: async (step) => (await source(step)) ?? null, close: nothing };
  const iterator = iteratorOf(source, where);
  return {
    next: async () => {
      const list: Feeds[] = [];
      while (list.length < batches) {
        const { done, value } = await iterator.next();
        if (done === true) return null;
        list.push(value);
      }
      return batches === 1 ? (list[0] as Feeds) : list;
    },
    close: async () => {
      await iterator.return?.();
    },
  };
}

function iteratorOf(source: unknown, where: string): AsyncIterator<Feeds> | Iterator<Feeds> {
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source) return (source as AsyncIterable<Feeds>)[Symbol.asyncIterator]();
    if (Symbol.iterator in source) return (source as Iterable<Feeds>)[Symbol.iterator]();
  }
  throw new ArgumentError(
    `${where}: feeds: expected a function of the step, or something to iterate over, received ${describe(source)}.`,
  );
}
