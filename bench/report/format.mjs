// Values as text.
import { summary } from '../statistics.mjs';

/** The median, and the range where there is more than one round. */
export function spread(list, digits, scale = 1) {
  const { median, min, max } = summary(list);
  const [middle, low, high] = [median, min, max].map((value) => (value * scale).toFixed(digits));
  return list.length > 1 ? `${middle} (${low}-${high})` : middle;
}

/** A group in words, without the keys that are left out. */
export function groupText(group, without = []) {
  return Object.entries(group)
    .filter(([key]) => !without.includes(key))
    .map(([key, value]) => (key === 'batch' ? `batch ${value}` : value))
    .join(', ');
}

/** Text in a cell of a table. */
export const cell = (text) => String(text).replaceAll('|', '\\|').replace(/\s+/g, ' ');
