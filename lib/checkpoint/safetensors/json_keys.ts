/** Finding keys that occur twice in a JSON object, which `JSON.parse` lets pass: the last one wins silently. */

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
