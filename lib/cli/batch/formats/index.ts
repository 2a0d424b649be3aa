import { csv } from './csv.js';
import type { Format } from './format.js';
import { jsonl } from './jsonl.js';
import { npy } from './npy.js';
import { parquet } from './parquet.js';

/** Formats of files by how their names end. */
export const fileFormats: Readonly<Record<string, Format>> = { jsonl, csv, npy, parquet };
