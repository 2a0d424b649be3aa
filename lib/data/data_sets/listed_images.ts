import type { ImageError } from '../../errors.js';
import { checkIndex, type DataSet, type Sample } from './data_set.js';

/** Files with a label each. */
export class ListedImages implements DataSet {
  readonly length: number;
  readonly classes: readonly string[];
  readonly #paths: readonly string[];
  readonly #labels: Int32Array;
  readonly #problems: ReadonlyMap<number, ImageError>;

  /** @param problems of files that are known to be unreadable already, by their index */
  constructor(
    classes: readonly string[],
    paths: readonly string[],
    labels: Int32Array,
    problems: ReadonlyMap<number, ImageError> = new Map(),
  ) {
    this.length = paths.length;
    this.classes = classes;
    this.#paths = paths;
    this.#labels = labels;
    this.#problems = problems;
  }

  get(index: number): Sample {
    checkIndex(index, this.length);
    const problem = this.#problems.get(index);
    if (problem !== undefined) throw problem;
    const path = this.#paths[index] as string;
    return { image: path, label: this.#labels[index] as number, name: path };
  }

  labels(): Int32Array {
    return this.#labels;
  }
}
