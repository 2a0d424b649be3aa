/**
 * Names of classes, one a line. What the lines are made of is decided once for all of them; a line that is made otherwise is an error
 * with its number, never a name.
 */
import { lines as linesOf, type TextFailure } from '../../core/text.js';
import { byIndex } from './label_values.js';

interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** What comes before the names on every line of some files, and is no part of them. */
const prefixes: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /^[-*+\u2022]\s+(.+)$/, what: 'a dash or bullet' },
  { pattern: /^n\d{8}[\s:,]\s*(.+)$/, what: "WordNet's number" },
];

/** Files of other kinds, by their first line. */
const foreign: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /^item\s*\{?$/, what: 'a label map of protocol buffers' },
  { pattern: /^<(!|\?|html)/i, what: 'a web page or XML' },
  { pattern: /^version https:\/\/git-lfs/, what: 'a Git LFS pointer: run git lfs pull' },
  { pattern: /^\w+:$/, what: 'YAML' },
  { pattern: /^#( |!|$)/, what: 'a comment' },
];

const asJson = { hint: 'names in a JSON list are taken as they are.' } as const;

/**
 * The names in a text: one a line; or each with its index before or behind it, in any order; or each behind a dash, a bullet or WordNet's
 * number, with or without an index.
 * @throws what `fail` makes
 */
export function namesInLines(text: string, fail: TextFailure): string[] {
  const lines = withoutEnd(linesOf(text)).map((line, i): Line => ({ number: i + 1, text: line.trim() }));
  const [first] = lines;
  if (first === undefined) throw fail('there are no names, received 0 lines');
  const other = foreign.find(({ pattern }) => pattern.test(first.text));
  if (other !== undefined) throw fail(`line 1 is not a name: this is ${other.what}`);
  for (const line of lines) assertClean(line, fail);
  return namesOf(lines, fail);
}

function namesOf(lines: readonly Line[], fail: TextFailure): string[] {
  return numberedBefore(lines, fail) ?? numberedBehind(lines, fail) ?? unnumbered(lines, fail);
}

/** Blank lines at the end are no lines. */
function withoutEnd(lines: readonly string[]): readonly string[] {
  let length = lines.length;
  while (length > 0 && (lines[length - 1] as string).trim() === '') length--;
  return lines.slice(0, length);
}

function assertClean({ number, text }: Line, fail: TextFailure): void {
  if (text.replace(/\p{Cf}/gu, '').trim() === '')
    throw fail(`line ${number} is blank`, { hint: 'each line is the name of a class.' });
  if (/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\ufeff\u2028\u2029]/.test(text))
    throw fail(`line ${number} has a control character`);
}

/** An index and what separates it from the name; `weak` separators stand in names, too. */
interface Numbered {
  readonly index: number;
  readonly separator: string;
  readonly name: string;
}

const separators = String.raw`\s*(?:->|=>|[:;,=|])\s*|\s+-\s+|\t\s*|\s+`;
const before = new RegExp(String.raw`^(\d{1,6})(${separators}|[.)]\s+)(.*)$`);
const behind = new RegExp(String.raw`^(.*?\S)(${separators})(\d{1,6})$`);

function split(text: string): Numbered | null {
  const [, index, separator, name] = before.exec(text) ?? [];
  if (index === undefined) return null;
  return { index: Number(index), separator: kind(separator as string), name: name as string };
}

function kind(separator: string): string {
  return separator.trim() || (separator.includes('\t') ? '\t' : ' ');
}

function isStrong({ separator }: Numbered): boolean {
  return !/^[ .)-]$/.test(separator);
}

/** Names behind their indices; null where lines do not begin so. */
function numberedBefore(lines: readonly Line[], fail: TextFailure): string[] | null {
  const found = lines.map(({ text }) => split(text));
  const matching = found.filter((part) => part !== null);
  if (matching.length < lines.length) {
    if (!looksNumbered(found)) return null;
    const most = 2 * matching.length >= lines.length;
    const odd = lines[found.findIndex((part) => (part === null) === most)] as Line;
    const expected = most
      ? 'expected an index and a name, as on other lines'
      : 'has an index, which other lines have not';
    throw fail(`line ${odd.number}: ${expected}: ${JSON.stringify(odd.text.slice(0, 60))}`, asJson);
  }
  return ordered(lines, matching, fail);
}

/** Some lines have an index: whether that is one, or a name that begins with a number. */
function looksNumbered(found: readonly (Numbered | null)[]): boolean {
  const matching = found.filter((part) => part !== null);
  if (matching.some(isStrong) || 2 * matching.length >= found.length) return true;
  return found.some((part, i) => part !== null && (part.index === i || part.index === i + 1));
}

function ordered(lines: readonly Line[], parts: readonly Numbered[], fail: TextFailure): string[] {
  const { separator } = parts[0] as Numbered;
  const pairs = parts.map((part, i): [number, string] => {
    const { number } = lines[i] as Line;
    if (part.separator !== separator) throw fail(`line ${number}: its index is written otherwise than that of line 1`);
    return [part.index, nameIn(part.name, number, separator, fail)];
  });
  assertOneColumn(parts, fail);
  const named = pairs.map(([, text], i): Line => ({ number: (lines[i] as Line).number, text }));
  const bare = withoutPrefix(named, fail) ?? named;
  const numbered = pairs.map(([index], i): [number, string] => [index, (bare[i] as Line).text]);
  return byIndex(numbered, (what, details) => fail(what, details?.hint === undefined ? asJson : details));
}

/** Names have commas, but hardly all of them the same number: that is a table. */
function assertOneColumn(parts: readonly Numbered[], fail: TextFailure): void {
  const { separator } = parts[0] as Numbered;
  const count = (name: string) => (name.startsWith('"') ? 0 : name.split(separator).length - 1);
  const columns = new Set(parts.map(({ name }) => count(name)));
  const [first = 0] = columns;
  if (separator === ' ' || columns.size > 1 || first === 0) return;
  throw fail(`each line has ${first + 2} columns: expected an index and a name`, {
    hint: 'put names in quotes where they hold the separator.',
  });
}

function nameIn(text: string, number: number, separator: string, fail: TextFailure): string {
  if (separator === ',' && text.startsWith('"') && !isQuoted(text))
    throw fail(`line ${number}: the quotes do not end the line`);
  const name = unquoted(text);
  if (name === '') throw fail(`line ${number} has no name`);
  return name;
}

/** Indices behind names; null where there are none, or where names differ in nothing else (`class 0`, `class 1`). */
function numberedBehind(lines: readonly Line[], fail: TextFailure): string[] | null {
  const found = lines.map(({ text }): Numbered | null => {
    const [, name, separator, index] = behind.exec(text) ?? [];
    return index === undefined
      ? null
      : { index: Number(index), separator: kind(separator as string), name: name as string };
  });
  const inPlace = found.filter((part, i) => part !== null && part.index === i);
  const matching = found.filter((part) => part !== null);
  if (new Set(matching.map(({ name }) => name)).size < 2) return null;
  const indices = new Set(matching.map(({ index }) => index));
  const isOrder = indices.size === lines.length && [...indices].every((index) => index < lines.length);
  if (matching.length === lines.length && isOrder) return ordered(lines, matching, fail);
  if (2 * inPlace.length < lines.length) return null;
  const odd = lines[found.findIndex((part, i) => part?.index !== i)] as Line;
  throw fail(`line ${odd.number}: expected a name and its index, as on other lines`, asJson);
}

/** The lines without what comes before the names on all of them; null where nothing does. */
function withoutPrefix(lines: readonly Line[], fail: TextFailure): Line[] | null {
  for (const { pattern, what } of prefixes) {
    const names = lines.map(({ text }) => pattern.exec(text)?.[1]);
    const having = names.filter((name) => name !== undefined);
    if (having.length === lines.length) return having.map((text, i) => ({ number: (lines[i] as Line).number, text }));
    if (having.length === 0) continue;
    const most = 2 * having.length >= lines.length;
    const odd = lines[names.findIndex((name) => (name === undefined) === most)] as Line;
    throw fail(
      `line ${odd.number} ${most ? 'lacks' : 'begins with'} ${what}, which other lines ${most ? 'have' : 'do not'}`,
      asJson,
    );
  }
  return null;
}

function unnumbered(lines: readonly Line[], fail: TextFailure): string[] {
  const bare = withoutPrefix(lines, fail);
  if (bare !== null) return namesOf(bare, fail);
  assertNoHiddenIndex(lines, fail);
  const isListed = lines.every(({ text }) => /^(["']).*\1,?$/.test(text));
  return lines.map(({ text, number }) =>
    isListed ? nameIn(text.replace(/,$/, '').slice(1, -1), number, '', fail) : unquoted(text),
  );
}

/** The number of the line in another place, or in a form that is not read, such as `(0) daisy`. */
function assertNoHiddenIndex(lines: readonly Line[], fail: TextFailure): void {
  for (const start of [0, 1]) {
    const rest = lines.map(({ text }, i) => {
      const [digits] = /0x[\da-f]+|\d+/i.exec(text) ?? [];
      return digits !== undefined && Number(digits) === i + start ? text.replace(digits, '') : undefined;
    });
    if (lines.length < 2 || rest.includes(undefined) || new Set(rest).size < 2) continue;
    throw fail('each line has its number, in a form that is not read', {
      hint: 'write each as index:name, or the names alone.',
    });
  }
}

function isQuoted(text: string): boolean {
  return /^"(?:[^"]|"")*"$/.test(text) && text.length > 1;
}

/** As CSV has it: quotes around a name that holds a comma. */
function unquoted(text: string): string {
  return (isQuoted(text) ? text.slice(1, -1).replaceAll('""', '"') : text).trim();
}
