import { readFile, stat } from 'node:fs/promises';
import { describe } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';

/** Largest label file that is read, in bytes. */
const maxLabelBytes = 16 * 2 ** 20;

/** Classes of networks that know a background besides ImageNet's 1000 classes. */
const imagenetWithBackground = 1001;

/** Where labels come from: a file's path, or the names in class order. */
export type LabelSource = string | readonly string[];

/**
 * The name of each class. A file holds one name a line, or `index:name` lines (as Slim writes them), or a JSON array, or a JSON
 * object from index to name (or to `[id, name]`). One name too many is taken to begin with a background class, which is dropped;
 * 1000 names for 1001 classes get a background in front.
 * @returns `classes` names
 * @throws ArgumentError when the file cannot be read or the number of names does not fit
 */
export async function loadLabels(source: LabelSource, classes: number): Promise<string[]> {
  const where = typeof source === 'string' ? source : 'labels';
  if (typeof source !== 'string' && !Array.isArray(source)) {
    throw new ArgumentError(`labels: expected a path or a list of names, received ${describe(source)}.`);
  }
  const names = typeof source === 'string' ? parseLabels(await read(source), source) : [...source];
  const bad = names.findIndex((name) => typeof name !== 'string');
  if (bad >= 0) throw new ArgumentError(`${where}: label ${bad}: expected a string, received ${describe(names[bad])}.`);
  if (names.length === classes) return names;
  if (names.length === classes + 1) return names.slice(1);
  if (classes === imagenetWithBackground && names.length === classes - 1) return ['background', ...names];
  throw new ArgumentError(
    `${where}: expected ${classes} labels (or one more, for a background class), received ${names.length}.`,
    {
      hint: 'published v1 and vgg checkpoints have 1000 classes, v2 ones 1001.',
    },
  );
}

async function read(path: string): Promise<string> {
  let bytes: Buffer | null;
  try {
    // A pipe would be waited for, and a device might never end.
    bytes = (await stat(path)).isFile() ? await readFile(path) : null;
  } catch (cause) {
    throw new ArgumentError(`The labels cannot be read: ${(cause as Error).message}.`, { path, cause });
  }
  if (bytes === null) throw new ArgumentError('Expected a file of labels, this is a folder, device or pipe.', { path });
  if (bytes.length > maxLabelBytes)
    throw new ArgumentError(`The label file has ${bytes.length} bytes, the limit is ${maxLabelBytes}.`, { path });
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}

/** Labels from the text of a file. @throws ArgumentError */
export function parseLabels(text: string, path: string): string[] {
  const start = text.trimStart()[0];
  if (start === '[' || start === '{') return parseJson(text, path);
  const lines = text.split(/\r?\n/);
  while (lines.length > 0 && (lines[lines.length - 1] as string).trim() === '') lines.pop();
  const indexed = lines.map((line) => /^(\d{1,6})\s*[:\t]\s*(.*)$/.exec(line));
  if (lines.length > 0 && indexed.every((match) => match !== null)) {
    return byIndex(
      indexed.map((m) => [Number((m as RegExpExecArray)[1]), ((m as RegExpExecArray)[2] as string).trim()]),
      path,
    );
  }
  return lines.map((line) => line.trim());
}

function parseJson(text: string, path: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ArgumentError(`The labels are not valid JSON: ${(cause as Error).message}.`, { path, cause });
  }
  if (Array.isArray(value)) return value.map((item) => nameOf(item, path));
  return byIndex(
    Object.entries(value as Record<string, unknown>).map(([k, v]) => [
      /^\d{1,6}$/.test(k) ? Number(k) : Number.NaN,
      nameOf(v, path),
    ]),
    path,
  );
}

function nameOf(item: unknown, path: string): string {
  const name = Array.isArray(item) ? item[item.length - 1] : item;
  if (typeof name !== 'string') throw new ArgumentError(`Expected label names, received ${describe(name)}.`, { path });
  return name;
}

function byIndex(pairs: readonly (readonly [number, string])[], path: string): string[] {
  const names = new Map(pairs);
  const list = Array.from({ length: pairs.length }, (_, i) => names.get(i));
  const missing = list.indexOf(undefined);
  if (missing >= 0)
    throw new ArgumentError(`The labels must be numbered from 0 without gaps; ${missing} is missing.`, { path });
  return list as string[];
}
