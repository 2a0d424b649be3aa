/** When to try again. */

/** Statuses of servers that would take the same request later. */
const busy = [429, 503];
const firstPauseMs = 200;
const longestPauseMs = 5000;

export function isBusy(status: number): boolean {
  return busy.includes(status);
}

/**
 * The pause before an attempt: no shorter than what the server said, and by chance longer, so that clients that were refused together do not come back
 * together. The part that is left to chance grows with each attempt.
 * @param attempt 1 for the first one that is made again
 * @param random from 0 to 1
 */
export function pauseMs(attempt: number, retryAfterMs: number | undefined, random: number): number {
  const backOff = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
  return retryAfterMs === undefined ? backOff * (0.5 + random / 2) : retryAfterMs + backOff * random;
}

/** Milliseconds of the header Retry-After, seconds or a date; undefined where it says nothing. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}(\.\d+)?$/.test(header.trim())) return 1000 * Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
