/** JSON in which no object has a key twice: `JSON.parse` lets that pass, and the last one wins silently. */
import type { TextFailure } from './text.js';

/** @throws what `fail` makes for what is no JSON, and for a key that occurs twice in one object */
export function parseJson(text: string, fail: TextFailure): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail(`not valid JSON: ${(cause as Error).message}`, { cause });
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw fail(`the key ${JSON.stringify(twice)} occurs twice`);
  return value;
}

/**
 * The first key that occurs twice in one object of `text`, or undefined.
 * @param text JSON that `JSON.parse` has accepted.
 */
export function duplicateKey(text: string): string | undefined {
  // One set for each open object, undefined for an open array.
  const open: (Set<string> | undefined)[] = [];
  let expectsKey = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') {
      const end = stringEnd(text, i);
      const keys = open.at(-1);
      if (expectsKey && keys !== undefined) {
        const key: unknown = JSON.parse(text.slice(i, end + 1));
        if (keys.has(key as string)) return key as string;
        keys.add(key as string);
        expectsKey = false;
      }
      i = end;
    } else if (character === '{') {
      open.push(new Set());
      expectsKey = true;
    } else if (character === '[') {
      open.push(undefined);
      expectsKey = false;
    } else if (character === '}' || character === ']') {
      open.pop();
      expectsKey = false;
    } else if (character === ',') {
      expectsKey = open.at(-1) !== undefined;
    }
  }
  return undefined;
}

/** Position of the quote that closes the string starting at `start`. */
function stringEnd(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i;
}
