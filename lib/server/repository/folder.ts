/**
 * A folder of models, as Triton has them: `NAME/VERSION/` with a checkpoint in it, and `NAME/model.json` with options for all versions of the model. The
 * folder is the operator's; names that come with requests are looked up among those that were found, never on the disk.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { checkpointFingerprint } from '../../checkpoint/index.js';
import { parseJson } from '../../core/json.js';
import { checkOneOf } from '../../core/options.js';
import { ArgumentError, systemReason } from '../../errors.js';
import { type LoadModelOptions, loadModel, type Model } from '../../model/index.js';
import type { NetworkName } from '../../slim/nets/registry.js';
import { ofInstances } from './instances.js';
import { validName, validVersion } from './names.js';
import type { VersionSource } from './served_model.js';

/** What a `model.json` may say: options of `loadModel`, and those of a repository. */
interface ModelFile extends Omit<LoadModelOptions, 'checkpoint' | 'untrainedSeed' | 'files' | 'decode'> {
  /** Name of the network; as the checkpoint shows unless told. */
  readonly network?: NetworkName;
  /** Which versions are served; the latest one unless told. */
  readonly versions?: 'latest' | 'all';
  /** Batches that run at the same time, each on one thread. */
  readonly instances?: number;
}

const optionsFile = 'model.json';

/**
 * The versions that a folder has now.
 * @param base options that hold for all models, where their own files say nothing else
 * @throws ArgumentError for a folder that cannot be read. What is wrong with a model is told when it is loaded
 */
export async function versionsInFolder(folder: string, base: LoadModelOptions): Promise<VersionSource[]> {
  const sources: VersionSource[] = [];
  for (const name of await foldersIn(folder)) {
    if (!validName.test(name)) continue;
    const own = join(folder, name);
    const versions = (await foldersIn(own)).filter((version) => validVersion.test(version));
    versions.sort((a, b) => Number(a) - Number(b));
    const all = await optionsOf(own).then(
      ({ versions: served = 'latest' }) => served === 'all',
      () => false,
    );
    for (const version of all ? versions : versions.slice(-1)) sources.push(source(own, name, version, base));
  }
  return sources;
}

function source(folder: string, name: string, version: string, base: LoadModelOptions): VersionSource {
  const own = join(folder, version);
  return {
    name,
    version,
    load: () => loadVersion(folder, own, base),
    fingerprint: async () => {
      const options = await stat(join(folder, optionsFile)).then(
        ({ mtimeMs, size }) => `${mtimeMs}/${size}`,
        () => 'none',
      );
      return `${options} ${await checkpointFingerprint(await checkpointIn(own))}`;
    },
  };
}

async function loadVersion(folder: string, own: string, base: LoadModelOptions): Promise<Model> {
  const { network = 'auto', versions: _, instances, ...given } = await optionsOf(folder);
  const labels = await labelsIn(folder, given.labels);
  return loadModel(network, {
    ...base,
    ...given,
    ...(instances === undefined ? {} : ofInstances(optionsFile, instances, given)),
    ...(labels === undefined ? {} : { labels }),
    ...(typeof given.calibration === 'string' ? { calibration: resolved(folder, given.calibration) } : {}),
    batching: { ...base.batching, ...given.batching },
    checkpoint: await checkpointIn(own),
    files: false,
  });
}

/** Labels as the options name them, else those of a file `labels.txt` or `labels.json`. */
async function labelsIn(folder: string, given: LoadModelOptions['labels']): Promise<LoadModelOptions['labels']> {
  if (typeof given === 'string') return resolved(folder, given);
  if (given !== undefined) return given;
  const file = (await readdir(folder)).find((each) => each === 'labels.txt' || each === 'labels.json');
  return file === undefined ? undefined : join(folder, file);
}

function resolved(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

async function optionsOf(folder: string): Promise<ModelFile> {
  const path = join(folder, optionsFile);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ArgumentError(`Cannot be read: ${systemReason(cause)}.`, { path, cause });
  }
  const value = parseJson(text, (what) => new ArgumentError(`${what}.`, { path }));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ArgumentError('Expected a JSON object.', { path });
  for (const name of ['checkpoint', 'untrainedSeed', 'files', 'decode'])
    if (name in value) throw new ArgumentError(`A repository has no option ${name}.`, { path });
  const options = value as ModelFile;
  if (options.versions !== undefined) checkOneOf(optionsFile, 'versions', options.versions, ['latest', 'all']);
  return options;
}

/** The checkpoint in the folder of a version: the folder itself where it is one of a training, else the one checkpoint that there is. */
async function checkpointIn(folder: string): Promise<string> {
  const files = await readdir(folder).catch((cause: unknown) => {
    throw new ArgumentError(`Cannot be read: ${systemReason(cause)}.`, { path: folder, cause });
  });
  if (files.includes('checkpoint') || files.includes('variables')) return folder;
  const names = files.flatMap((file) => {
    if (file.endsWith('.index')) return [file.slice(0, -'.index'.length)];
    return /\.(safetensors|safetensors\.index\.json|ckpt)$/.test(file) ? [file] : [];
  });
  const sharded = names.filter((name) => name.endsWith('.json'));
  const [name, ...others] = sharded.length > 0 ? sharded : names;
  if (name === undefined) throw new ArgumentError('Expected a checkpoint, found none.', { path: folder });
  if (others.length > 0)
    throw new ArgumentError(`Expected one checkpoint, found ${[name, ...others].join(', ')}.`, { path: folder });
  return join(folder, name);
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const names: string[] = [];
    for (const entry of entries)
      if (entry.isDirectory() || (entry.isSymbolicLink() && (await stat(join(folder, entry.name))).isDirectory()))
        names.push(entry.name);
    return names.sort();
  } catch (cause) {
    throw new ArgumentError(`The folder cannot be read: ${systemReason(cause)}.`, { path: folder, cause });
  }
}
