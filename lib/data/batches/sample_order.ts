/**
 * In which order samples are taken: a function of the seed and the epoch, so that two numbers say where a training stands, and another process
 * goes on with the same samples.
 */
import { checkInteger } from '../../core/options.js';
import { ArgumentError } from '../../errors.js';
import { RandomWords } from '../random_words.js';

/** Where in its data a training stands. As JSON it is all that has to be kept. */
export interface DataPosition {
  /** Number of the epoch, from 0. */
  readonly epoch: number;
  /** Samples of the epoch's order that were taken already, those that were skipped included. */
  readonly taken: number;
}

/** @throws ArgumentError */
export function checkPosition(where: string, position: unknown): asserts position is DataPosition {
  if (typeof position !== 'object' || position === null)
    throw new ArgumentError(`${where}: start: expected {epoch, taken}.`);
  const { epoch, taken } = position as Partial<DataPosition>;
  checkInteger(where, 'start.epoch', epoch, 0, 2 ** 31);
  checkInteger(where, 'start.taken', taken, 0, 2 ** 32);
}

/** The samples of each epoch. */
export interface SampleOrder {
  /** Samples an epoch. */
  readonly length: number;
  /** The index of the sample that is taken at `place` (0 to `length` - 1) of an epoch. */
  at(epoch: number, place: number): number;
}

/** The samples as they are numbered. */
export function sequentialOrder(length: number): SampleOrder {
  return { length, at: (_, place) => place };
}

/** Each sample once an epoch, in an order of the epoch's own. All orders are equally likely. */
export function shuffledOrder(length: number, seed: number): SampleOrder {
  return epochs(length, (epoch) => permutation(length, words(seed, 0, epoch)));
}

/**
 * Each class equally often in an epoch of as many samples as there are, in a random order. A class's samples are taken in turn, and those of
 * a small class several times an epoch: none is taken again before all others of its class have been.
 */
export function balancedOrder(labels: Int32Array, seed: number): SampleOrder {
  const byClass = new Map<number, number[]>();
  for (const [i, label] of labels.entries()) {
    const group = byClass.get(label);
    if (group === undefined) byClass.set(label, [i]);
    else group.push(i);
  }
  const groups = [...byClass].sort(([a], [b]) => a - b).map(([label, samples]) => new Turns(samples, seed, label));
  const { length } = labels;
  return epochs(length, (epoch) => {
    const taken = groups.flatMap((group, rank) => {
      const quota = Math.floor(length / groups.length) + (rank < length % groups.length ? 1 : 0);
      return group.take(epoch * quota, quota);
    });
    return permutation(length, words(seed, 0, epoch)).map((place) => taken[place] as number);
  });
}

/** The samples of a class in an endless row: all of them in some order, then all of them in another. */
class Turns {
  readonly #samples: readonly number[];
  readonly #seed: number;
  readonly #label: number;

  constructor(samples: readonly number[], seed: number, label: number) {
    this.#samples = samples;
    this.#seed = seed;
    this.#label = label;
  }

  /** `count` samples from place `first` of the row on. */
  take(first: number, count: number): number[] {
    const { length } = this.#samples;
    const taken: number[] = [];
    for (let turn = Math.floor(first / length); taken.length < count; turn++) {
      const order = permutation(length, words(this.#seed, this.#label + 1, turn));
      const from = Math.max(0, first - turn * length);
      for (const place of order.subarray(from, from + count - taken.length)) taken.push(this.#samples[place] as number);
    }
    return taken;
  }
}

/** Words for `turn` of an order: stream 0 is that of the epochs, the others are the classes'. */
function words(seed: number, stream: number, turn: number): RandomWords {
  return new RandomWords(BigInt.asUintN(64, BigInt(seed)), (BigInt(stream) << 32n) | BigInt(turn));
}

/** Keeps the epochs that were asked for last: two are in use while one ends and the next begins. */
function epochs(length: number, make: (epoch: number) => Uint32Array): SampleOrder {
  const kept = new Map<number, Uint32Array>();
  return {
    length,
    at(epoch, place) {
      let order = kept.get(epoch);
      if (order === undefined) {
        order = make(epoch);
        for (const old of [...kept.keys()].slice(0, -1)) kept.delete(old);
        kept.set(epoch, order);
      }
      return order[place] as number;
    },
  };
}

/** Fisher's and Yates' shuffle of 0 to `length` - 1. */
function permutation(length: number, random: RandomWords): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i, 0, i + 1);
    const kept = order[i] as number;
    order[i] = order[j] as number;
    order[j] = kept;
  }
  return order;
}
