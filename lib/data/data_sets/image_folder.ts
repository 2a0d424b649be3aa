/** A folder with a folder of images for each class. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe } from '../../core/dtype.js';
import { checkSignal, type Defaults, withDefaults } from '../../core/options.js';
import { ArgumentError, DataError, type ImageError, systemReason } from '../../errors.js';
import { imagesBelowEach } from '../image_folder.js';
import type { FoundImage } from '../image_walk.js';
import { LeftOut } from '../left_out.js';
import { checkClasses, type DataSet } from './data_set.js';
import { ListedImages } from './listed_images.js';
import { checkSplit, type SplitOptions, split, splitDefaults, splitIndices } from './split.js';

/** How a folder is read. */
export interface ImageFolderOptions extends SplitOptions {
  readonly signal?: AbortSignal;
}

const where = 'imageFolder';
const defaults = { signal: undefined, ...splitDefaults } satisfies Defaults<ImageFolderOptions>;

/** Names of folders that are parts of a data set, and no classes. */
const trainingName = /^train(ing)?$/i;
const validationName = /^val(id(ation)?)?$/i;
const testName = /^test(ing)?$/i;

/**
 * A data set from a folder that has a folder for each class; all images below that, at any depth, are of the class. Classes are in the order
 * of their names. No image is opened (but for those whose names do not say that they are images): what cannot be decoded is found in training.
 *
 * A folder with `train/` and `val/` (or `validation/`, `test/`) has its classes in those; what is held out is then given.
 * @throws ArgumentError for options, DataError when the folder cannot be read, has no images or one class, or a class has no images; the
 * signal's reason when aborted
 */
export async function imageFolder(path: string, options: ImageFolderOptions = {}): Promise<DataSet> {
  const { validation, seed, signal } = withDefaults(where, options, defaults);
  checkSplit(where, { validation, seed });
  checkSignal(where, signal);
  if (typeof path !== 'string') throw new ArgumentError(`${where}: expected a path, received ${describe(path)}.`);
  const walk = new Walk(signal);
  const folders = await walk.foldersIn(path);
  const training = folders.find((name) => trainingName.test(name));
  const isParted = training !== undefined && folders.every((name) => partNames.some((part) => part.test(name)));
  if (!isParted) {
    const all = await walk.images(path, folders);
    return withNotice(split(all.images, splitIndices(all.labels, all.nameOf, { validation, seed })), walk.leftOut);
  }
  const held =
    folders.find((name) => validationName.test(name)) ?? folders.find((name) => testName.test(name)) ?? undefined;
  if (held !== undefined && validation > 0) {
    throw new ArgumentError(`${where}: the folder holds out ${held}/ already: leave out validation.`, { path });
  }
  const root = join(path, training);
  const all = await walk.images(root, await walk.foldersIn(root));
  if (held === undefined)
    return withNotice(split(all.images, splitIndices(all.labels, all.nameOf, { validation, seed })), walk.leftOut);
  const heldOut = await walk.images(join(path, held), await walk.foldersIn(join(path, held)), all.images.classes);
  return withNotice(
    { ...split(all.images, splitIndices(all.labels, all.nameOf, splitDefaults)), validation: heldOut.images },
    walk.leftOut,
  );
}

const partNames = [trainingName, validationName, testName];

function withNotice(dataSet: DataSet, leftOut: LeftOut): DataSet {
  return leftOut.count === 0 ? dataSet : { ...dataSet, notice: `${leftOut}` };
}

interface Images {
  readonly images: ListedImages;
  readonly labels: Int32Array;
  readonly nameOf: (index: number) => string;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

class Walk {
  readonly leftOut = new LeftOut();
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Names of the folders in a folder, sorted; what else is in it is left out. */
  async foldersIn(path: string): Promise<string[]> {
    let entries: Dirent[];
    try {
      entries = await readdir(path, { withFileTypes: true });
    } catch (cause) {
      throw new DataError(`The folder cannot be read: ${systemReason(cause)}.`, { path, cause });
    }
    const names: string[] = [];
    for (const entry of entries) {
      if (entry.name.startsWith('.')) this.leftOut.add('hidden');
      else if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(join(path, entry.name)))))
        names.push(entry.name);
      else this.leftOut.add('in no class folder');
    }
    return names.sort(compare);
  }

  /**
   * The images of the classes, which are folders in `root`.
   * @param known classes that there must be no others of; those found unless told
   */
  async images(root: string, found: readonly string[], known?: readonly string[]): Promise<Images> {
    const classes = known ?? found;
    const hint = 'put the images of each class into a folder of its own: photos/cat/1.jpg, photos/dog/2.jpg.';
    const unknown = found.find((name) => !classes.includes(name));
    if (unknown !== undefined)
      throw new DataError(`The class ${JSON.stringify(unknown)} is not among those of the training images.`, {
        path: root,
      });
    const paths: string[] = [];
    const labels: number[] = [];
    const problems = new Map<number, ImageError>();
    const folders = found.map((name) => join(root, name));
    const { images: imagesOf, leftOut } = await imagesBelowEach(folders, this.#signal);
    this.leftOut.addAll(leftOut);
    for (const [i, name] of found.entries()) {
      const images = imagesOf[i] as readonly FoundImage[];
      const label = classes.indexOf(name);
      if (images.length === 0) {
        throw new DataError(`The class ${JSON.stringify(name)} has no images.`, {
          path: join(root, name),
          hint: found.length > 1 ? 'add some, or remove the folder.' : hint,
        });
      }
      for (const { path, problem } of images) {
        if (problem !== undefined) problems.set(paths.length, problem);
        paths.push(path);
        labels.push(label);
      }
    }
    if (known === undefined) checkClasses(classes, root, hint);
    const ownLabels = Int32Array.from(labels);
    return {
      images: new ListedImages(classes, paths, ownLabels, problems),
      labels: ownLabels,
      nameOf: (index) => relative(root, paths[index] as string).replaceAll('\\', '/'),
    };
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}
