/** The input of a batch: images one after another in one array, which is used again for the next batch. */
export class BatchInput {
  #array = new Float32Array(0);

  /**
   * The images, all of the same length, in one array.
   * @returns values that are overwritten by the next call
   */
  fill(images: readonly Float32Array[]): Float32Array {
    const [first] = images;
    if (first === undefined || images.length === 1) return first ?? new Float32Array(0);
    const length = first.length * images.length;
    if (this.#array.length < length) this.#array = new Float32Array(length);
    images.forEach((image, i) => {
      this.#array.set(image, i * first.length);
    });
    return this.#array.subarray(0, length);
  }
}

/** Arrays one after another in one of their own. */
export function concatenate(arrays: readonly Float32Array[]): Float32Array {
  if (arrays.length === 1) return arrays[0] as Float32Array;
  const all = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
