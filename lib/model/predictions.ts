/** One class of an image. */
export interface Prediction {
  /** Index of the class in the logits. */
  readonly index: number;
  /** Its name; `class <index>` when the model has no labels. */
  readonly label: string;
  /** Softmax probability, 0 to 1. */
  readonly probability: number;
}

/** Indices of the `count` largest values, largest first; of equal ones the earlier comes first, NaN comes last. */
export function topIndices(values: ArrayLike<number>, count: number): number[] {
  const value = (i: number) => {
    const v = values[i] as number;
    return Number.isNaN(v) ? Number.NEGATIVE_INFINITY : v;
  };
  const top: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (top.length === count && value(i) <= value(top[count - 1] as number)) continue;
    let at = top.length === count ? count - 1 : top.length;
    for (; at > 0 && value(i) > value(top[at - 1] as number); at--) top[at] = top[at - 1] as number;
    top[at] = i;
  }
  return top;
}

/** The `count` most probable classes of a row of probabilities. */
export function topPredictions(
  probabilities: Float32Array,
  labels: readonly string[] | null,
  count: number,
): Prediction[] {
  return topIndices(probabilities, count).map((index) => ({
    index,
    label: labels?.[index] ?? `class ${index}`,
    probability: probabilities[index] as number,
  }));
}
