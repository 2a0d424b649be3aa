/** How a batch is cut into parts that do not depend on each other, so that any of them can be done again, later, or elsewhere. */
import { createHash } from 'node:crypto';
import { type Input, type InputArchive, type InputImage, isArchive } from '../inputs/input.js';
import type { Shard } from './shard.js';

/** Where a part stands, and what was before it. */
export interface Place {
  /**
   * A unit is what a shard takes whole: so many images as make a part, or an archive, however many parts that is. Units are counted over
   * all inputs, whoever takes them.
   */
  readonly unit: number;
  /** Number of the part in its unit. */
  readonly index: number;
  /** Stands for all names up to the end of this part. */
  readonly names: string;
}

/** Images that are computed together, and alone. */
export interface Part extends Place {
  readonly images: readonly InputImage[];
}

/** What there was in all, of all shards. */
export interface Whole {
  readonly units: number;
  readonly names: string;
}

export interface PartOptions {
  /** Images of a part; the last one of a unit has what is left. */
  readonly size: number;
  readonly shard: Shard;
  /** The last part that is done; null: none. */
  readonly after: Place | null;
  readonly signal: AbortSignal;
  /** Makes the error for inputs that are not those which `after` was a part of. */
  readonly changed: () => Error;
}

/**
 * The parts of a shard, after those that are done.
 * @returns what there was in all
 * @throws what `changed` makes
 */
export async function* partsOf(
  inputs: AsyncIterable<Input> | Iterable<Input>,
  { size, shard, after, signal, changed }: PartOptions,
): AsyncGenerator<Part, Whole> {
  let unit = 0;
  let names = '';
  let loose: InputImage[] = [];
  /** Whether the part that is done has been met again. */
  let met = after === null;
  const isAhead = (place: Place) => {
    if (after === null) return true;
    if (place.unit === after.unit && place.index === after.index) {
      if (place.names !== after.names) throw changed();
      met = true;
      return false;
    }
    const isLater = place.unit > after.unit || (place.unit === after.unit && place.index > after.index);
    if (isLater && !met) throw changed();
    return isLater;
  };
  const isOurs = () => unit % shard.count === shard.index;
  const finishLoose = (): Part | null => {
    if (loose.length === 0) return null;
    names = joined(names, 'images', loose);
    const part = { unit, index: 0, names, images: loose };
    const wanted = isOurs() && isAhead(part);
    loose = [];
    unit++;
    return wanted ? part : null;
  };
  const archive = async function* (input: InputArchive): AsyncGenerator<Part> {
    names = joined(names, 'archive', [input]);
    if (isOurs() && unit >= (after?.unit ?? 0)) {
      let [index, within] = [0, names];
      for await (const images of groupsOf(input.images(signal), size)) {
        within = joined(within, 'images', images);
        const part = { unit, index: index++, names: within, images };
        if (isAhead(part)) yield part;
      }
    }
    unit++;
  };
  for await (const input of inputs) {
    signal.throwIfAborted();
    if (!isArchive(input)) loose.push(input);
    if (isArchive(input) || loose.length === size) {
      const part = finishLoose();
      if (part !== null) yield part;
    }
    if (isArchive(input)) yield* archive(input);
  }
  const last = finishLoose();
  if (last !== null) yield last;
  if (!met) throw changed();
  return { units: unit, names };
}

async function* groupsOf<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** A hash of what was before and of more names: the same only for the same names in the same order. */
function joined(before: string, kind: string, items: readonly { readonly name: string }[]): string {
  const hash = createHash('sha256').update(`${before}\n${kind}\n`);
  for (const { name } of items) hash.update(name).update('\0');
  return hash.digest('hex').slice(0, 32);
}
