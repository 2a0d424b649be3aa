/** The names of a network's classes. */
import { bytesIn, describe, refuseDetached } from '../../core/dtype.js';
import { isUrl, pathOfUrl } from '../../core/file_url.js';
import { parseJson } from '../../core/json.js';
import { decodeText, lines, readTextFile, type TextFailure } from '../../core/text.js';
import { ArgumentError } from '../../errors.js';
import type { NetworkEntry } from '../../slim/nets/registry.js';
import { namesInLines } from './label_lines.js';
import { namesInJson, namesInPython } from './label_values.js';
import { parsePythonLiteral } from './python_literal.js';

/** Largest label file that is read, in bytes. */
const maxLabelBytes = 16 * 2 ** 20;

/** Classes of ImageNet, and of networks that know a background besides. */
const imagenetClasses = 1000;
const imagenetWithBackground = 1001;

/** Whether ImageNet's names fit a number of classes. */
export function isImagenetCount(classes: number): boolean {
  return classes === imagenetClasses || classes === imagenetWithBackground;
}

/** What lists call a class that no picture is of. */
const background =
  /^[_<([]*(background|bg|dummy|unused|none|null|nothing|void|empty|placeholder|n\/a|unlabell?ed|no[ _-]class|\?+|-+)[_>)\]]*$/i;

/** How ImageNet's own first class begins. */
const firstOfImagenet = /^(tench\b|n01440764)/i;

/**
 * Where labels come from: a file (path or `file:` URL), the bytes of one, or the names in class order; `imagenet` for ImageNet's own (a file of
 * that name is `./imagenet`).
 */
export type LabelSource = 'imagenet' | string | URL | Uint8Array | ArrayBuffer | readonly string[];

/** What says whether a list begins with a background: the classes of a network's published weights, and where their list begins. */
export type ClassNumbering = Pick<NetworkEntry, 'labelOffset' | 'numClasses'>;

/**
 * The name of each class. A file is UTF-8, or UTF-16 with its mark, and holds one of
 * - a name a line; names with their indices before or behind them; names behind dashes or WordNet's numbers,
 * - JSON: a list of names, an object from index to name or to `[id, name]` (Keras' class index), or from name to index; a config.json with
 *   `id2label`, `label2id` or `label_names`,
 * - a list or dictionary of Python.
 *
 * `imagenet` are its 1000 names, as WordNet has them.
 *
 * One name too many is dropped where it is first and is called a background (`background`, `dummy`, ...), or where `numbering` is that of a
 * network whose list of 1001 names begins with one. 1000 names for 1001 classes get a background in front.
 * @returns `classes` names
 * @throws ArgumentError when the file cannot be read, a line is not made as the others are, or the number of names does not fit
 */
export async function loadLabels(source: LabelSource, classes: number, numbering?: ClassNumbering): Promise<string[]> {
  const { names, fail } = source === 'imagenet' ? await namesOfImagenet() : await namesFrom(source);
  const [first = ''] = names;
  if (names.length === classes) return names;
  if (names.length === classes + 1 && (background.test(first) || isOffset(classes, first, numbering)))
    return names.slice(1);
  const wantsBackground = classes === imagenetWithBackground && (numbering?.numClasses ?? classes) === classes;
  if (wantsBackground && names.length === classes - 1 && !background.test(first)) return ['background', ...names];
  const about = names.length === classes + 1 ? `, of which the first, ${describe(first)}, is no background` : '';
  throw fail(`expected ${classes} labels, received ${names.length}${about}`, {
    hint: countHint(classes, names.length),
  });
}

function countHint(classes: number, names: number): string {
  const published = [1000, 1001];
  return published.includes(classes) && published.includes(names)
    ? 'published v1 and vgg checkpoints have 1000 classes, v2 ones 1001.'
    : 'there must be a name for each class, in the order of the classes.';
}

/** Whether the list begins with a background because the network's own list does. */
function isOffset(classes: number, first: string, numbering: ClassNumbering | undefined): boolean {
  return numbering?.labelOffset === 1 && classes === numbering.numClasses && !firstOfImagenet.test(first);
}

async function namesOfImagenet(): Promise<{ readonly names: string[]; readonly fail: TextFailure }> {
  const { imagenetNames } = await import('./imagenet_names.js');
  const fail: TextFailure = (what, details) => new ArgumentError(`labels: imagenet: ${what}.`, details);
  return { names: imagenetNames.split('\n'), fail };
}

/** The names, and what makes the errors about them. */
async function namesFrom(source: LabelSource): Promise<{ readonly names: string[]; readonly fail: TextFailure }> {
  const failAt =
    (path?: string): TextFailure =>
    (what, details) =>
      new ArgumentError(`labels: ${what}.`, { ...(path === undefined ? {} : { path }), ...details });
  if (Array.isArray(source)) {
    const names: readonly unknown[] = source;
    const bad = names.findIndex((name) => typeof name !== 'string');
    if (bad >= 0) throw failAt()(`label ${bad}: expected a string, received ${describe(names[bad])}`);
    return { names: [...(names as readonly string[])], fail: failAt() };
  }
  const bytes = bytesIn(source);
  if (bytes !== undefined) {
    refuseDetached('labels', bytes);
    return { names: parseLabels(decodeText(bytes, failAt()), failAt()), fail: failAt() };
  }
  const path = isUrl(source) ? pathOfUrl(source, 'labels') : source;
  if (typeof path !== 'string') {
    throw failAt()(
      `expected a path, a file: URL, the bytes of a file or a list of names, received ${describe(source)}`,
    );
  }
  const fail = failAt(path);
  return { names: parseLabels(await readTextFile(path, maxLabelBytes, fail), fail), fail };
}

/** The names in the text of a file. @throws what `fail` makes */
function parseLabels(text: string, fail: TextFailure): string[] {
  const lost = text.indexOf('\ufffd');
  if (lost >= 0) {
    throw fail(`line ${lines(text.slice(0, lost)).length} has U+FFFD, which stands for a character that was lost`, {
      hint: 'whatever wrote the file misread the encoding of its source: make it again.',
    });
  }
  const isJson = /^\s*[[{]/.test(text);
  if (!isJson && !/^\s*(\(\s*[('"[]|[A-Za-z_]\w*\s*=\s*[[{(])/.test(text)) return namesInLines(text, fail);
  let json: unknown;
  let problem: Error | undefined;
  try {
    json = parseJson(text, (what, details) => fail(what, details));
  } catch (error) {
    problem = error as Error;
  }
  if (problem === undefined) return namesInJson(json, fail);
  // A dictionary of Python begins as JSON does.
  const isPython = !isJson || /^\s*[[{(]\s*(['(]|\d+\s*:|#|[ru]['"])/.test(text);
  if (!isPython) throw problem;
  return namesInPython(parsePythonLiteral(text, fail), fail);
}
