/** Dictionaries, lists, tuples, text and integers as Python's source has them: lists of classes are often kept so. */
import type { TextFailure } from '../../core/text.js';

/** A literal's value. A dictionary stays a list of pairs, in order, so that no key gets lost. */
export type PythonValue =
  | string
  | number
  | null
  | readonly PythonValue[]
  | { readonly pairs: readonly (readonly [PythonValue, PythonValue])[] };

/** How deep brackets may stand inside each other. */
const maxDepth = 8;

/**
 * The value of one literal, which a name and `=` may precede.
 * @throws what `fail` makes, with the number of the line
 */
export function parsePythonLiteral(text: string, fail: TextFailure): PythonValue {
  return new Parser(text, fail).whole();
}

const blank = /(?:[\s\ufeff]|\\\r?\n|#[^\n]*)*/y;
const name = /[A-Za-z_]\w*\s*=(?!=)/y;
const integer = /[+-]?\d+(?![\w.])/y;
const quoted =
  /(?:[rRuU]?)(?:"""([\s\S]*?)"""|'''([\s\S]*?)'''|"((?:[^"\\\n]|\\[\s\S])*)"|'((?:[^'\\\n]|\\[\s\S])*)')/y;
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

class Parser {
  readonly #text: string;
  readonly #fail: TextFailure;
  #at = 0;

  constructor(text: string, fail: TextFailure) {
    this.#text = text;
    this.#fail = fail;
  }

  whole(): PythonValue {
    this.#take(blank);
    this.#take(name);
    const value = this.#value(0);
    this.#take(blank);
    if (this.#at < this.#text.length) throw this.#wrong('the end of the text');
    return value;
  }

  #value(depth: number): PythonValue {
    if (depth > maxDepth) throw this.#wrong(`at most ${maxDepth} brackets inside each other`);
    this.#take(blank);
    const number = this.#take(integer);
    if (number !== undefined) return Number(number);
    if (this.#takes('None')) return null;
    if (this.#takes('{')) return this.#dictionary(depth);
    if (this.#takes('[')) return this.#list(']', depth);
    if (this.#takes('(')) return this.#list(')', depth);
    return this.#string();
  }

  #dictionary(depth: number): PythonValue {
    const pairs: [PythonValue, PythonValue][] = [];
    while (!this.#closes('}')) {
      const key = this.#value(depth + 1);
      this.#take(blank);
      if (!this.#takes(':')) throw this.#wrong('a colon');
      pairs.push([key, this.#value(depth + 1)]);
      this.#separator('}');
    }
    return { pairs };
  }

  #list(close: string, depth: number): PythonValue {
    const items: PythonValue[] = [];
    while (!this.#closes(close)) {
      items.push(this.#value(depth + 1));
      this.#separator(close);
    }
    return items;
  }

  #closes(close: string): boolean {
    this.#take(blank);
    return this.#takes(close);
  }

  #separator(close: string): void {
    this.#take(blank);
    if (!this.#takes(',') && this.#text[this.#at] !== close) throw this.#wrong(`a comma or ${close}`);
  }

  /** One string, or several that follow one another, which Python joins. */
  #string(): string {
    const parts: string[] = [];
    for (;;) {
      const start = this.#at;
      const found = this.#take(quoted);
      if (found === undefined) break;
      const raw = /^[rR]/.test(this.#text.slice(start, start + 1));
      const body = found.replace(/^[rRuU]?("""|'''|"|')/, '').replace(/("""|'''|"|')$/, '');
      parts.push(raw ? body : this.#unescaped(body));
      this.#take(blank);
    }
    if (parts.length === 0) throw this.#wrong('text in quotes, a number, or a bracket');
    return parts.join('');
  }

  #unescaped(body: string): string {
    return body.replace(
      /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g,
      (all, x, u, wide, one) => {
        const code = x ?? u ?? wide;
        if (code !== undefined && Number.parseInt(code, 16) <= 0x10ffff)
          return String.fromCodePoint(Number.parseInt(code, 16));
        const character = one === undefined ? undefined : escapes[one];
        if (character === undefined) throw this.#wrong(`an escape that is read here, not ${all}`);
        return character;
      },
    );
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #takes(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #wrong(expected: string): Error {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    const rest = this.#text.slice(this.#at, this.#at + 20).split('\n')[0] ?? '';
    return this.#fail(`line ${line}: expected ${expected}, received ${rest === '' ? 'the end' : JSON.stringify(rest)}`);
  }
}
