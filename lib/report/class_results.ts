/** What an evaluation says of each class. */
import type { EvaluationLine } from './run_record.js';

/** Results of one class. Parts are null where they would divide by nothing. */
export interface ClassResult {
  readonly index: number;
  /** Images of the class, and images that were taken for it. */
  readonly images: number;
  readonly predicted: number;
  readonly right: number;
  readonly recall: number | null;
  readonly precision: number | null;
  /** Harmonic mean of both. */
  readonly f1: number | null;
  /** The class that its images are most often taken for, wrongly. */
  readonly confusedWith: { readonly index: number; readonly images: number } | null;
}

/** The results of all classes. */
export function classResults({ confusion }: Pick<EvaluationLine, 'confusion'>, classes: number): ClassResult[] {
  const images = new Float64Array(classes);
  const predicted = new Float64Array(classes);
  const right = new Float64Array(classes);
  const worst: ({ index: number; images: number } | null)[] = new Array(classes).fill(null);
  for (const [label, guess, count] of confusion) {
    images[label] = (images[label] as number) + count;
    predicted[guess] = (predicted[guess] as number) + count;
    if (label === guess) right[label] = (right[label] as number) + count;
    else if (count > (worst[label]?.images ?? 0)) worst[label] = { index: guess, images: count };
  }
  const part = (some: number, all: number) => (all === 0 ? null : some / all);
  return Array.from({ length: classes }, (_, index): ClassResult => {
    const [of, as, hits] = [images, predicted, right].map((counts) => counts[index] as number) as [
      number,
      number,
      number,
    ];
    return {
      index,
      images: of,
      predicted: as,
      right: hits,
      recall: part(hits, of),
      precision: part(hits, as),
      f1: part(2 * hits, of + as),
      confusedWith: worst[index] ?? null,
    };
  });
}
