// Where the ticks of an axis are, and where a value is on it.

/** Round steps (1, 2, 5 times a power of ten) from 0 to at least `largest`: about `count` of them. */
export function ticks(largest, count = 5) {
  if (!(largest > 0)) return [0, 1];
  const rough = largest / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough * (1 - 1e-9));
  // Counted in steps: sums of 0.1 would drift.
  return Array.from({ length: Math.ceil(largest / step - 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** Powers of ten around positive values. */
export function decades(smallest, largest) {
  const low = Math.floor(Math.log10(smallest) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(largest) - 1e-9));
  return Array.from({ length: high - low + 1 }, (_, i) => Number((10 ** (low + i)).toPrecision(12)));
}

/** A function from values to places between `from` and `to`; a single mark is in the middle. */
export function scale(marks, from, to, log = false) {
  const map = log ? Math.log10 : (v) => v;
  const [first, last] = [map(marks[0]), map(marks.at(-1))];
  if (first === last) return () => (from + to) / 2;
  return (value) => from + ((map(value) - first) / (last - first)) * (to - from);
}

/** A tick as text: 1500 as 1,500. */
export const tickText = (value) => value.toLocaleString('en-US', { maximumFractionDigits: 6 });
