// How many answers come a second.

/** Answers of one batch come within this time. */
const sameBatchMs = 5;

/**
 * Answers come by the batch: they are counted from the end of one batch to that of the last, so that no part of a batch counts, unless these
 * are so few that they tell less than the whole time does.
 * @param ends times of answers in milliseconds, in order @param measuredMs the time in which they came
 */
export function perSecond(ends, measuredMs) {
  const [first, last] = [ends[0] ?? 0, ends.at(-1) ?? 0];
  if (last - first < measuredMs / 2) return (1000 * ends.length) / measuredMs;
  return (1000 * ends.filter((end) => end > first + sameBatchMs).length) / (last - first);
}
