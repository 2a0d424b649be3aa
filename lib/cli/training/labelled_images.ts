/** Labelled images that a path names. */
import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import { defined } from '../../core/options.js';
import { type DataSet, imageFolder, imageList, tfRecords } from '../../data/index.js';
import { isSlimnetError } from '../../errors.js';

/** What is held out unless told, where the data does not say. */
const usualValidation = 0.1;

export interface LabelledImagesFlags {
  /** Part that is held out. */
  readonly validation?: number;
  /** Record files: the word in the names of those to read. */
  readonly split?: string;
  readonly labelsOffset?: number;
}

/**
 * A folder of folders, a list (CSV, JSON lines), or a folder of TensorFlow record files.
 * @param begun what a training was told, which holds where nothing else is asked for
 * @throws what these throw
 */
export async function labelledImages(
  path: string,
  { validation, ...asked }: LabelledImagesFlags,
  signal: AbortSignal,
  begun: LabelledImagesFlags = {},
): Promise<DataSet> {
  const { split = begun.split, labelsOffset = begun.labelsOffset } = asked;
  const usual = begun.validation ?? usualValidation;
  if (/^\.(csv|tsv|jsonl|ndjson|json|txt)$/i.test(extname(path)))
    return imageList(path, { validation: validation ?? usual });
  if (await holdsRecords(path)) return tfRecords(path, defined({ split, labelsOffset, signal }));
  if (validation !== undefined) return imageFolder(path, { validation, signal });
  try {
    return await imageFolder(path, { validation: usual, signal });
  } catch (error) {
    // A folder with a part of its own that is held out.
    if (isSlimnetError(error) && error.code === 'ERR_ARGUMENT') return imageFolder(path, { signal });
    throw error;
  }
}

async function holdsRecords(path: string): Promise<boolean> {
  const names = await readdir(path).catch(() => []);
  return names.some((name) => /\.tfrecords?$|-\d{5}-of-\d{5}$/.test(name)) || /\.tfrecords?$/.test(path);
}
