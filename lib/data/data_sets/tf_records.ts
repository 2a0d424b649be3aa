/** Data sets that Slim's converters (and those like them) wrote as TensorFlow record files. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { describe } from '../../core/dtype.js';
import { checkInteger, checkSignal, type Defaults, withDefaults } from '../../core/options.js';
import { lines, readTextFile } from '../../core/text.js';
import { ArgumentError, DataError, ImageError, systemReason } from '../../errors.js';
import { type Feature, readExample } from '../../formats/tf_example.js';
import { mapLimited } from '../map_limited.js';
import type { RelativeBox } from '../preprocess_image.js';
import { Semaphore } from '../semaphore.js';
import { checkClasses, checkIndex, type DataSet, type Sample } from './data_set.js';
import { openRecordFile, type RecordFile, readRecord } from './record_file.js';

/** How record files are read. */
export interface TfRecordsOptions {
  /** Which files of a folder: those that have this word in their names; `train` unless told. */
  readonly split?: string;
  /** Which files become `validation`; `validation`, or else `test`, unless told; null: none. */
  readonly validationSplit?: string | null;
  /** Names of all classes, or their number; those of `labels.txt` beside the files unless told. */
  readonly classes?: readonly string[] | number;
  /** Subtracted from the labels, and as many classes are left out in front: 1 drops ImageNet's background. 0 unless told. */
  readonly labelsOffset?: number;
  readonly signal?: AbortSignal;
}

const where = 'tfRecords';
const defaults = {
  split: 'train',
  validationSplit: undefined,
  classes: undefined,
  labelsOffset: 0,
  signal: undefined,
} satisfies Defaults<TfRecordsOptions>;

const maxLabelBytes = 16 * 2 ** 20;
/** Files whose records are looked for at the same time. */
const filesAtOnce = 4;

/**
 * A data set in TensorFlow record files, as Slim's converters write them: flowers, cifar10, mnist, ImageNet and all others with the features
 * `image/encoded` and `image/class/label`; checksums are verified. `image/object/bbox/*` become boxes.
 * @param source the folder, one file, or a list of files
 * @throws ArgumentError for options, DataError when files are missing, damaged, or of another kind; the signal's reason when aborted
 */
export async function tfRecords(source: string | readonly string[], options: TfRecordsOptions = {}): Promise<DataSet> {
  const { split, validationSplit, classes, labelsOffset, signal } = withDefaults(where, options, defaults);
  checkInteger(where, 'labelsOffset', labelsOffset, 0, 2 ** 31 - 1);
  checkSignal(where, signal);
  const { folder, files } = await recordFiles(source);
  const all = await classNames(classes, folder);
  if (labelsOffset >= all.length)
    throw new ArgumentError(`${where}: labelsOffset: expected less than the ${all.length} classes.`);
  const kept = all.slice(labelsOffset);
  checkClasses(kept, folder, 'each class has a line in labels.txt, or a name in classes.');
  const open = (paths: readonly string[]) => RecordDataSet.open(paths, kept, labelsOffset, signal);
  if (!files.isFolder) return open(files.paths);
  const splits = (word: string) => ofSplit(files.paths, word);
  const training = splits(split);
  if (training.length === 0) {
    throw new DataError(`No record file has ${describe(split)} in its name.`, {
      path: folder,
      hint: `there is ${files.paths
        .slice(0, 3)
        .map((path) => basename(path))
        .join(', ')}${files.paths.length > 3 ? ', ...' : ''}: give split, or the files.`,
    });
  }
  const found = ['validation', 'test'].find((word) => word !== split && splits(word).length > 0);
  const word = validationSplit === undefined ? found : (validationSplit ?? undefined);
  const heldOut = word === undefined ? [] : splits(word);
  if (typeof validationSplit === 'string' && heldOut.length === 0)
    throw new DataError(`No record file has ${describe(validationSplit)} in its name.`, { path: folder });
  const dataSet = await open(training);
  return heldOut.length === 0 ? dataSet : dataSet.with(await open(heldOut));
}

interface Files {
  readonly folder: string;
  readonly files: { readonly isFolder: boolean; readonly paths: readonly string[] };
}

async function recordFiles(source: unknown): Promise<Files> {
  if (Array.isArray(source)) {
    const wrong = source.findIndex((path) => typeof path !== 'string');
    if (source.length === 0 || wrong >= 0) {
      const received = source.length === 0 ? 'none' : describe(source[wrong]);
      throw new ArgumentError(`${where}: expected paths of files, received ${received}.`);
    }
    return { folder: folderOf(source[0]), files: { isFolder: false, paths: source as readonly string[] } };
  }
  if (typeof source !== 'string')
    throw new ArgumentError(`${where}: expected a path or a list of paths, received ${describe(source)}.`);
  try {
    if (!(await stat(source)).isDirectory())
      return { folder: folderOf(source), files: { isFolder: false, paths: [source] } };
    const names = (await readdir(source)).filter((name) => recordName.test(name)).sort();
    if (names.length === 0) {
      throw new DataError('The folder holds no record files.', {
        path: source,
        hint: 'they are called NAME.tfrecord or NAME-00000-of-00005.',
      });
    }
    return { folder: source, files: { isFolder: true, paths: names.map((name) => join(source, name)) } };
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`The files cannot be found: ${systemReason(cause)}.`, { path: source, cause });
  }
}

const folderOf = (path: string): string => join(path, '..');

/** `flowers_train_00000-of-00005.tfrecord`, `train-00000-of-01024`, `mnist_train.tfrecord`. */
const recordName = /(\.tfrecords?|\.records?|-\d{5}-of-\d{5})$/i;
const shardName = /^(.*?)(\d{5})-of-(\d{5})(.*)$/;

/** The files that have the word in their names, all shards of each. */
function ofSplit(paths: readonly string[], word: string): string[] {
  const found = paths.filter((path) =>
    basename(path)
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .includes(word.toLowerCase()),
  );
  const shards = new Map<string, Set<string>>();
  for (const path of found) {
    const [, before, shard = '', count, after] = shardName.exec(basename(path)) ?? [];
    if (count === undefined) continue;
    const of = `${before}*-of-${count}${after}`;
    shards.set(of, (shards.get(of) ?? new Set()).add(shard));
  }
  for (const [of, there] of shards) {
    const count = Number(/-of-(\d{5})/.exec(of)?.[1]);
    if (there.size === count) continue;
    throw new DataError(`Of ${of} there are ${there.size} files, expected ${count}.`, {
      path: folderOf(found[0] as string),
      hint: 'copy the missing ones, or give the list of files.',
    });
  }
  return found;
}

/** The names of all classes: given, or in `labels.txt`, a line `0:daisy` each. */
async function classNames(given: unknown, folder: string): Promise<readonly string[]> {
  if (Array.isArray(given)) {
    const wrong = given.findIndex((name) => typeof name !== 'string');
    if (wrong >= 0) throw new ArgumentError(`${where}: classes: expected names, received ${describe(given[wrong])}.`);
    return given as readonly string[];
  }
  if (given !== undefined) {
    checkInteger(where, 'classes', given, 1, 2 ** 31 - 1);
    return Array.from({ length: given }, (_, i) => String(i));
  }
  const path = join(folder, 'labels.txt');
  const fail = (what: string, details = {}) =>
    new DataError(`The names of the classes: ${what}.`, { path, ...details });
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  if (!exists)
    throw fail('there is no such file', { hint: "give classes: names, or a number such as ImageNet's 1001." });
  const names: string[] = [];
  for (const [i, line] of lines(await readTextFile(path, maxLabelBytes, fail)).entries()) {
    if (line.trim() === '') continue;
    const [, index, name] = /^\s*(\d{1,9}):(.*)$/.exec(line) ?? [];
    if (index === undefined || name === undefined) throw fail(`line ${i + 1}: expected index:name`);
    if (names[Number(index)] !== undefined) throw fail(`line ${i + 1}: the index ${index} occurs twice`);
    if (Number(index) > 10_000_000) throw fail(`line ${i + 1}: the index ${index} is too large`);
    names[Number(index)] = name.trim();
  }
  const missing = Array.from(names).indexOf(undefined as unknown as string);
  if (missing >= 0) throw fail(`there is no class ${missing}`);
  return names;
}

const wanted = new Set([
  'image/encoded',
  'image/class/label',
  'image/filename',
  ...['ymin', 'xmin', 'ymax', 'xmax'].map((end) => `image/object/bbox/${end}`),
]);

class RecordDataSet implements DataSet {
  readonly length: number;
  readonly classes: readonly string[];
  readonly validation?: DataSet;
  readonly #files: readonly RecordFile[];
  readonly #ends: readonly number[];
  readonly #labelsOffset: number;
  #labels: Promise<Int32Array> | undefined;

  private constructor(files: readonly RecordFile[], classes: readonly string[], labelsOffset: number, held?: DataSet) {
    let end = 0;
    this.#files = files;
    this.#ends = files.map(({ lengths }) => {
      end += lengths.length;
      return end;
    });
    this.length = end;
    this.classes = classes;
    this.#labelsOffset = labelsOffset;
    if (held !== undefined) this.validation = held;
  }

  static async open(
    paths: readonly string[],
    classes: readonly string[],
    labelsOffset: number,
    signal: AbortSignal | undefined,
  ): Promise<RecordDataSet> {
    signal?.throwIfAborted();
    const files = await mapLimited(paths, new Semaphore(filesAtOnce), (path) => openRecordFile(path, signal));
    const dataSet = new RecordDataSet(files, classes, labelsOffset);
    if (dataSet.length === 0) throw new DataError('The files hold no records.', { path: paths[0] as string });
    return dataSet;
  }

  with(validation: DataSet): DataSet {
    return new RecordDataSet(this.#files, this.classes, this.#labelsOffset, validation);
  }

  async get(index: number): Promise<Sample> {
    checkIndex(index, this.length);
    const file = this.#files[this.#fileOf(index)] as RecordFile;
    const record = index - ((this.#ends[this.#fileOf(index)] as number) - file.lengths.length);
    const at = { path: file.path, offset: file.offsets[record] as number };
    const features = examples(await readRecord(file, record), at);
    const [image] = values(features, 'image/encoded', 'bytes', at);
    const [stored] = values(features, 'image/class/label', 'integers', at);
    const label = (stored as number) - this.#labelsOffset;
    if (!(Number.isInteger(label) && label >= 0 && label < this.classes.length)) {
      const last = this.classes.length - 1 + this.#labelsOffset;
      throw new DataError(
        `The label of record ${record} is out of range: expected ${this.#labelsOffset} to ${last}, received ${stored}.`,
        { ...at, hint: 'check classes, labels.txt and labelsOffset.' },
      );
    }
    const boxes = boxesOf(features);
    return {
      image: image as Uint8Array,
      label,
      name: `${basename(file.path)}#${record}`,
      key: `${resolve(file.path)}:${file.version}#${record}`,
      ...(boxes.length === 0 ? {} : { boxes }),
    };
  }

  /** Reads all records once; of those that are damaged, which no training gets, the label is 0. */
  async labels(): Promise<Int32Array> {
    this.#labels ??= mapLimited(
      Array.from({ length: this.length }, (_, i) => i),
      new Semaphore(filesAtOnce),
      async (index) => {
        try {
          return (await this.get(index)).label;
        } catch (error) {
          if (error instanceof ImageError) return 0;
          throw error;
        }
      },
    ).then((labels) => Int32Array.from(labels));
    return this.#labels;
  }

  /** The first file that ends behind the sample. */
  #fileOf(index: number): number {
    let low = 0;
    let high = this.#ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (index < (this.#ends[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

interface Place {
  readonly path: string;
  readonly offset: number;
}

function examples(record: Uint8Array, at: Place): Map<string, Feature> {
  try {
    return readExample(record, wanted);
  } catch (cause) {
    throw new ImageError(`The record is no tf.train.Example: ${(cause as Error).message}.`, { ...at, cause });
  }
}

function values(features: Map<string, Feature>, name: string, kind: Feature['kind'], at: Place): Feature['values'] {
  const feature = features.get(name);
  if (feature?.kind === kind && feature.values.length === 1) return feature.values;
  const received = feature === undefined ? 'none' : `${feature.values.length} ${feature.kind}`;
  const expected = kind === 'bytes' ? 'the bytes of an image' : 'an integer';
  throw new DataError(`The record has another form: expected ${expected} as ${name}, received ${received}.`, at);
}

/** Boxes that lie within the image and have an area. */
function boxesOf(features: Map<string, Feature>): RelativeBox[] {
  const end = (name: string) => {
    const feature = features.get(`image/object/bbox/${name}`);
    return feature?.kind === 'floats' ? feature.values : [];
  };
  const [tops, lefts, bottoms, rights] = [end('ymin'), end('xmin'), end('ymax'), end('xmax')];
  const inside = (part: number | undefined) => Math.min(1, Math.max(0, part ?? 0));
  return tops
    .map((top, i): RelativeBox => [inside(top), inside(lefts[i]), inside(bottoms[i]), inside(rights[i])])
    .filter(([top, left, bottom, right]) => top < bottom && left < right);
}
