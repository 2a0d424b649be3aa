/** Lists of images with their labels: CSV, and JSON lines. */
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe } from '../../core/dtype.js';
import { parseJson } from '../../core/json.js';
import { type Defaults, withDefaults } from '../../core/options.js';
import { lines, readTextFile, type TextFailure } from '../../core/text.js';
import { ArgumentError, DataError } from '../../errors.js';
import { checkClasses, type DataSet } from './data_set.js';
import { ListedImages } from './listed_images.js';
import { checkSplit, type SplitOptions, split, splitDefaults, splitIndices } from './split.js';

/** How a list is read. */
export interface ImageListOptions extends SplitOptions {
  /** Names of the classes in order; those of the list, sorted, unless told. Labels are names, or indices of them. */
  readonly classes?: readonly string[];
  /** Column or property with the path; one of `image`, `path`, `file`, ... unless told. */
  readonly image?: string;
  /** Column or property with the class; one of `label`, `class`, `category`, ... unless told. */
  readonly label?: string;
  /** Folder that relative paths start from; that of the list unless told. */
  readonly root?: string;
}

const where = 'imageList';
const defaults = {
  classes: undefined,
  image: undefined,
  label: undefined,
  root: undefined,
  ...splitDefaults,
} satisfies Defaults<ImageListOptions>;

const imageNames = ['image', 'path', 'file', 'file_name', 'filename', 'filepath', 'image_path', 'img'];
const labelNames = ['label', 'class', 'class_name', 'category', 'target', 'class_id', 'label_id'];
const maxListBytes = 256 * 2 ** 20;

/** One line of the list. */
interface Row {
  /** Number of the line in the file. */
  readonly line: number;
  readonly image: string;
  readonly label: string;
}

/**
 * A data set from a list of images. The file is UTF-8, or UTF-16 with its mark, and holds one of
 * - CSV, separated by commas, semicolons or tabs, with a head that names a column for the path and one for the class, or two columns
 *   without a head: path, class,
 * - JSON lines: `{"image": "cats/1.jpg", "label": "cat"}`.
 *
 * Labels that are all integers are indices of `classes`.
 * @throws ArgumentError for options, DataError for a list that cannot be read, with the number of the line
 */
export async function imageList(path: string, options: ImageListOptions = {}): Promise<DataSet> {
  const { classes, image, label, root, validation, seed } = withDefaults(where, options, defaults);
  checkSplit(where, { validation, seed });
  if (typeof path !== 'string') throw new ArgumentError(`${where}: expected a path, received ${describe(path)}.`);
  if (classes !== undefined && !(Array.isArray(classes) && classes.every((name) => typeof name === 'string')))
    throw new ArgumentError(`${where}: classes: expected a list of names, received ${describe(classes)}.`);
  const fail: TextFailure = (what, details) => new DataError(`${capital(what)}.`, { path, ...details });
  const text = await readTextFile(path, maxListBytes, fail);
  const columns = { image, label };
  const rows = /^\s*\{/.test(text) ? jsonRows(text, columns, fail) : csvRows(text, columns, fail);
  if (rows.length === 0) throw fail('the list holds no images');
  const labelled = classes === undefined ? namedBy(rows, fail) : indexed(rows, classes, fail);
  checkClasses(labelled.classes, path, 'list images of more classes.');
  assertNoContradiction(rows, labelled.labels, fail);
  const base = root ?? dirname(path);
  const names = rows.map((row) => row.image);
  const paths = names.map((name) => (isAbsolute(name) ? name : join(base, name)));
  const all = new ListedImages(labelled.classes, paths, labelled.labels);
  return split(
    all,
    splitIndices(labelled.labels, (i) => names[i] as string, { validation, seed }),
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

type Columns = { readonly image: string | undefined; readonly label: string | undefined };

function jsonRows(text: string, columns: Columns, fail: TextFailure): Row[] {
  return lines(text).flatMap((content, i) => {
    if (content.trim() === '') return [];
    const line = i + 1;
    const value = parseJson(content, (what, details) => fail(`line ${line}: ${what}`, details));
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw fail(`line ${line}: expected an object, received ${describe(value)}`);
    const object = value as Readonly<Record<string, unknown>>;
    const name = (given: string | undefined, known: readonly string[], what: string) => {
      const found = given ?? known.find((each) => Object.hasOwn(object, each));
      if (found === undefined || !Object.hasOwn(object, found))
        throw fail(
          `line ${line}: there is no property ${found ?? `for the ${what}, such as ${known[0]}`}`,
          hintFor(what),
        );
      return object[found];
    };
    const image = name(columns.image, imageNames, 'image');
    const label = name(columns.label, labelNames, 'label');
    if (typeof image !== 'string')
      throw fail(`line ${line}: expected the path of an image, received ${describe(image)}`);
    if (typeof label !== 'string' && !Number.isInteger(label))
      throw fail(`line ${line}: expected a class as text or an integer, received ${describe(label)}`);
    return [checkedRow({ line, image, label: String(label) }, fail)];
  });
}

const hintFor = (what: string) => ({ hint: `give the name of the one that holds the ${what}: ${what}.` });

function csvRows(text: string, { image, label }: Columns, fail: TextFailure): Row[] {
  if (text.trim() === '') throw fail('the list is empty');
  const [head = ''] = lines(text);
  const [delimiter, cells] = [',', '\t', ';']
    .map((each): [string, number] => [each, head.split(each).length])
    .reduce((most, each) => (each[1] > most[1] ? each : most));
  if (cells < 2) {
    throw fail('line 1: expected columns for the path and the class, separated by commas, semicolons or tabs', {
      hint: 'JSON lines are read as well: {"image": "cats/1.jpg", "label": "cat"}.',
    });
  }
  const table = records(text, delimiter, fail);
  const [first] = table;
  const titles = first?.cells.map((title) => title.trim()) ?? [];
  const column = (given: string | undefined, known: readonly string[]) =>
    titles.findIndex((title) => (given === undefined ? known.includes(title.toLowerCase()) : title === given));
  const at = { image: column(image, imageNames), label: column(label, labelNames) };
  const hasHead = at.image >= 0 && at.label >= 0;
  if (!hasHead && (image !== undefined || label !== undefined || titles.length !== 2)) {
    const [what, name] = at.image < 0 ? ['image', image] : ['label', label];
    throw fail(
      `line 1: no column ${name === undefined ? `for the ${what}` : JSON.stringify(name)} among ${titles.join(', ')}`,
      name === undefined ? hintFor(what as string) : {},
    );
  }
  if (!hasHead) Object.assign(at, { image: 0, label: 1 });
  return table.slice(hasHead ? 1 : 0).map(({ line, cells: row }) => {
    if (row.length !== titles.length)
      throw fail(`line ${line}: expected ${titles.length} columns as in the first line, received ${row.length}`);
    return checkedRow({ line, image: row[at.image]?.trim() ?? '', label: row[at.label]?.trim() ?? '' }, fail);
  });
}

function records(text: string, delimiter: string, fail: TextFailure): { line: number; cells: string[] }[] {
  try {
    const parsed = parse(text, {
      delimiter,
      info: true,
      skip_empty_lines: true,
      relax_column_count: true,
    }) as unknown as {
      record: string[];
      info: { lines: number };
    }[];
    return parsed.map(({ record, info }) => ({ line: info.lines, cells: record }));
  } catch (cause) {
    const { lines: line } = cause as { lines?: number };
    throw fail(`${line === undefined ? '' : `line ${line}: `}${(cause as Error).message.replace(/\.$/, '')}`, {
      cause,
    });
  }
}

function checkedRow(row: Row, fail: TextFailure): Row {
  if (row.image === '') throw fail(`line ${row.line} names no image`);
  if (row.label === '') throw fail(`line ${row.line} names no class`);
  return row;
}

interface Labelled {
  readonly classes: readonly string[];
  readonly labels: Int32Array;
}

const integer = /^-?\d+$/;

/** Classes as the list has them: by name, or numbered. */
function namedBy(rows: readonly Row[], fail: TextFailure): Labelled {
  if (rows.every(({ label }) => integer.test(label))) {
    const labels = rows.map(({ label }) => Number(label));
    const count = labels.reduce((most, label) => Math.max(most, label + 1), 0);
    const seen = new Set(labels);
    const missing =
      seen.size === count
        ? -1
        : Array.from({ length: Math.min(count, rows.length + 1) }, (_, i) => i).find((i) => !seen.has(i));
    if (missing !== undefined && missing >= 0) {
      throw fail(`the classes must be numbered from 0 without gaps; ${missing} has no images`, {
        hint: 'give classes: the names of all classes, in the order of their numbers.',
      });
    }
    const negative = rows.find(({ label }) => Number(label) < 0);
    if (negative !== undefined) throw fail(`line ${negative.line}: a class cannot have the number ${negative.label}`);
    return { classes: Array.from({ length: count }, (_, i) => String(i)), labels: Int32Array.from(labels) };
  }
  const classes = [...new Set(rows.map(({ label }) => label))].sort();
  return indexed(rows, classes, fail);
}

function indexed(rows: readonly Row[], classes: readonly string[], fail: TextFailure): Labelled {
  const byName = new Map(classes.map((name, index) => [name, index]));
  const byNumber = rows.every(({ label }) => integer.test(label)) && !rows.every(({ label }) => byName.has(label));
  const labels = rows.map(({ line, label }) => {
    const index = byNumber ? Number(label) : byName.get(label);
    if (index !== undefined && index >= 0 && index < classes.length) return index;
    throw fail(
      byNumber
        ? `line ${line}: the label ${label} is out of range: expected 0 to ${classes.length - 1}`
        : `line ${line}: there is no class ${JSON.stringify(label)} among the ${classes.length} of classes`,
    );
  });
  return { classes, labels: Int32Array.from(labels) };
}

/** One image cannot be of two classes. */
function assertNoContradiction(rows: readonly Row[], labels: Int32Array, fail: TextFailure): void {
  const seen = new Map<string, number>();
  for (const [i, { line, image }] of rows.entries()) {
    const before = seen.get(image);
    if (before === undefined) seen.set(image, i);
    else if (labels[before] !== labels[i])
      throw fail(`lines ${(rows[before] as Row).line} and ${line} give ${image} different classes`);
  }
}
