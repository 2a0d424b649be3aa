/** Suggestions for names that were not found. */
import { normalized, withinOneEdit } from '../../core/options.js';

/** At most this many are suggested. */
const maxSuggestions = 3;

/**
 * Names that a missing one may have meant: those that share the most trailing components (`conv1/weights` under another
 * scope), and those that differ in a few characters only, or in one where they are short. Best first.
 */
export function similarNames(name: string, candidates: Iterable<string>): string[] {
  const scored: { candidate: string; score: number }[] = [];
  for (const candidate of candidates) {
    const score = similarity(name, candidate);
    if (score > 0) scored.push({ candidate, score });
  }
  scored.sort((a, b) => b.score - a.score || (a.candidate < b.candidate ? -1 : 1));
  return scored.slice(0, maxSuggestions).map(({ candidate }) => candidate);
}

function similarity(a: string, b: string): number {
  const shared = commonSuffix(a.split('/'), b.split('/'));
  if (shared >= 2) return 1 + shared;
  if (withinOneEdit(normalized(a), normalized(b))) return 1;
  // `w` under another scope, or without its own.
  if (shared === 1 && !(a.includes('/') && b.includes('/'))) return 1;
  const prefix = commonPrefix(a, b);
  const suffix = commonPrefix([...a].reverse().join(''), [...b].reverse().join(''));
  const longest = Math.max(a.length, b.length);
  const covered = Math.min(prefix + suffix, longest) / longest;
  return covered >= 0.75 ? covered : 0;
}

/** Number of components at the end that both have. */
export function commonSuffix(a: readonly string[], b: readonly string[]): number {
  const limit = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < limit && a[a.length - 1 - shared] === b[b.length - 1 - shared]) shared++;
  return shared;
}

function commonPrefix(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < limit && a[shared] === b[shared]) shared++;
  return shared;
}
