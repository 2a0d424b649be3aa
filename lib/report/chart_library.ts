/**
 * The library that draws the charts of a report (uPlot, MIT), as text that goes into the page. In a checkout it is read from node_modules; the
 * bundle that is published holds the text itself (scripts/lib/bundle.mjs).
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Script, style and licence of the library. */
export interface ChartLibrary {
  readonly script: string;
  readonly style: string;
  readonly licence: string;
}

export function chartLibrary(): ChartLibrary {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  return { script: read('dist/uPlot.iife.min.js'), style: read('dist/uPlot.min.css'), licence: read('LICENSE') };
}
