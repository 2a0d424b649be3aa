/** Holding out images for validation. */
import { createHash } from 'node:crypto';
import { describe } from '../../core/dtype.js';
import { checkInteger, type Defaults, withDefaults } from '../../core/options.js';
import { ArgumentError, DataError } from '../../errors.js';
import { checkDataSet, type DataSet, labelsOf, subset } from './data_set.js';

/** How images are held out. */
export interface SplitOptions {
  /** Part of each class that is held out, 0 to less than 1; 0 unless told. */
  readonly validation?: number;
  /** Another seed holds out other images; 0 unless told. */
  readonly seed?: number;
}

export const splitDefaults = { validation: 0, seed: 0 } satisfies Defaults<SplitOptions>;

/** @throws ArgumentError */
export function checkSplit(where: string, { validation, seed }: Required<SplitOptions>): void {
  if (typeof validation !== 'number' || !(validation >= 0 && validation < 1)) {
    throw new ArgumentError(
      `${where}: validation: expected a part from 0 to less than 1, received ${describe(validation)}.`,
      { hint: '0.2 holds out a fifth of each class.' },
    );
  }
  checkInteger(where, 'seed', seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

/** Indices of samples, ascending. */
export interface SplitIndices {
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
}

/**
 * Holds out a part of each class, at least one image and never all. Which ones follows from their names and the seed, so that most stay where
 * they are when images are added.
 * @throws DataError where every class has one image
 */
export function splitIndices(
  labels: ArrayLike<number>,
  nameOf: (index: number) => string,
  { validation, seed }: Required<SplitOptions>,
): SplitIndices {
  const all = Uint32Array.from(labels, (_, i) => i);
  if (validation === 0) return { training: all, validation: new Uint32Array() };
  const byClass = new Map<number, number[]>();
  for (const i of all) {
    const label = labels[i] as number;
    const group = byClass.get(label);
    if (group === undefined) byClass.set(label, [i]);
    else group.push(i);
  }
  const isHeldOut = new Uint8Array(all.length);
  for (const group of byClass.values()) {
    if (group.length < 2) continue;
    const count = Math.min(Math.max(1, Math.round(group.length * validation)), group.length - 1);
    const ranked = group.map((index) => ({ index, rank: rankOf(seed, nameOf(index)) }));
    ranked.sort((a, b) => a.rank - b.rank || a.index - b.index);
    for (const { index } of ranked.slice(0, count)) isHeldOut[index] = 1;
  }
  const heldOut = all.filter((i) => isHeldOut[i] === 1);
  if (heldOut.length === 0)
    throw new DataError('No class has two images or more, of which one could be held out for validation.');
  return { training: all.filter((i) => isHeldOut[i] === 0), validation: heldOut };
}

function rankOf(seed: number, name: string): number {
  return createHash('sha256').update(`${seed}\u0000${name}`).digest().readUIntBE(0, 6);
}

/**
 * Holds out a part of a data set of one's own, of each class where it has `labels`.
 * @returns the rest, with what is held out as its `validation`
 * @throws ArgumentError for options, DataError where nothing can be held out
 */
export async function splitDataSet(dataSet: DataSet, options: SplitOptions = {}): Promise<DataSet> {
  const where = 'splitDataSet';
  const complete = withDefaults(where, options, splitDefaults);
  checkSplit(where, complete);
  checkDataSet(where, dataSet);
  const labels = dataSet.labels === undefined ? new Uint8Array(dataSet.length) : await labelsOf(dataSet);
  return split(dataSet, splitIndices(labels, String, complete));
}

/** The training part of a data set, with the held-out part as its `validation` where there is one. */
export function split(dataSet: DataSet, { training, validation }: SplitIndices): DataSet {
  const rest = subset(dataSet, training);
  return validation.length === 0 ? rest : { ...rest, validation: subset(dataSet, validation) };
}
