/** Pieces of code in the documentation. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../install/support.js';

export interface Snippet {
  /** Path of the page from the root of the tree. */
  readonly page: string;
  /** Line of the page that the code begins at. */
  readonly line: number;
  /** What stands behind the fence: ts, js, sh ... */
  readonly language: string;
  readonly code: string;
}

/** The README and the pages of docs/. */
export function pages(): readonly string[] {
  const names = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  return ['README.md', ...names.filter((name) => name.endsWith('.md')).map((name) => join('docs', name))].sort();
}

/** The fenced blocks of all pages, in order. */
export function snippets(): readonly Snippet[] {
  return pages().flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(({ index, 1: language = '', 2: code = '' }) => ({
      page,
      line: text.slice(0, index).split('\n').length + 1,
      language,
      code,
    }));
  });
}
