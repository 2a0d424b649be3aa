/**
 * The files of the server's page (web/), as text. In a checkout they are read from build/web; the bundle that is published holds the text itself
 * (scripts/lib/bundle.mjs).
 */
import { existsSync, readFileSync } from 'node:fs';
import { InternalError } from '../../errors.js';

export type PageFile = 'page.html' | 'page.css' | 'page.js' | 'icon.svg';

/** From build/lib, and from lib/ in tests. */
const places = ['../../../web/', '../../../build/web/'];

export function pageFiles(): Readonly<Record<PageFile, string>> {
  const place = places.find((one) => existsSync(new URL(`${one}page.js`, import.meta.url)));
  if (place === undefined) throw new InternalError("The files of the server's page are missing.");
  const read = (file: PageFile) => readFileSync(new URL(`${place}${file}`, import.meta.url), 'utf8');
  return {
    'page.html': read('page.html'),
    'page.css': read('page.css'),
    'page.js': read('page.js'),
    'icon.svg': read('icon.svg'),
  };
}
