import { pauseMs, retryAfterMs } from '../../../lib/client/retry.js';

describe('the pause before another attempt', () => {
  test('is never shorter than what the server said', () => {
    for (const attempt of [1, 2, 10]) expect(pauseMs(attempt, 3000, 0)).toBe(3000);
  });

  test('is spread by chance, more with each attempt, and to an end', () => {
    const spread = (attempt: number, after?: number) => pauseMs(attempt, after, 1) - pauseMs(attempt, after, 0);
    expect(spread(1, 1000)).toBe(200);
    expect(spread(3, 1000)).toBe(800);
    expect(spread(100, 1000)).toBe(5000);
    expect(spread(2)).toBe(200);
    expect([pauseMs(1, undefined, 0), pauseMs(100, undefined, 1)]).toEqual([100, 5000]);
  });
});

test('Retry-After is seconds or a date, and what is neither says nothing', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(retryAfterMs('3', now)).toBe(3000);
  expect(retryAfterMs('Thu, 01 Jan 2026 00:00:05 GMT', now)).toBe(5000);
  expect(retryAfterMs('Thu, 01 Jan 2015 00:00:05 GMT', now)).toBe(0);
  for (const nothing of [null, '', 'soon', '-1e9x']) expect(retryAfterMs(nothing, now)).toBeUndefined();
});
