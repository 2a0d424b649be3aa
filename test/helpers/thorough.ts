/**
 * Runs that take their time, SLIMNET_THOROUGH=1 (.ci/weekly): sweeps are made in full. `npm test` makes a part of each, which
 * shows the same behaviour at fewer sizes or fewer times.
 */
export const thorough = process.env.SLIMNET_THOROUGH === '1';

/** Of all cases those that `usual` names, and a printed line on the others; all of them in a thorough run. */
export function usualCases<T>(what: string, all: readonly T[], usual: (one: T) => boolean): readonly T[] {
  const chosen = thorough ? all : all.filter(usual);
  const left = all.length - chosen.length;
  if (left > 0) console.log(`${what}: ${left} of ${all.length} left out, for the time they take: SLIMNET_THOROUGH=1.`);
  return chosen;
}
