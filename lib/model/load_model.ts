import { existsSync } from 'node:fs';
import {
  type CheckpointReader,
  type CheckpointSource,
  openCheckpoint,
  type RestorePlan,
  readRunState,
} from '../checkpoint/index.js';
import { describe } from '../core/dtype.js';
import { isUrl, pathOfUrl } from '../core/file_url.js';
import {
  checkBoolean,
  checkInteger,
  type Defaults,
  defined,
  type WithDefaults,
  withDefaults,
} from '../core/options.js';
import type { Precision } from '../core/precision.js';
import { checkDecodeOptions, type DecodeOptions } from '../data/decoding.js';
import { checkImageWorkers, type ImageLoaderOptions } from '../data/image_loader.js';
import { checkPreprocessingName, checkPreprocessingOptions, type PreprocessingSpec } from '../data/preprocessing.js';
import { ArgumentError, advice, CheckpointError, spelledInCode, spelling } from '../errors.js';
import { loadAddon } from '../native/binding.js';
import { type Calibration, loadCalibration } from '../runtime/precision/calibration.js';
import { Session, type SessionOptions } from '../runtime/session/session.js';
import { type NetworkEntry, type NetworkName, network } from '../slim/nets/registry.js';
import { batchSizesUpTo } from './batch_sizes.js';
import { type Batching, type BatchingOptions, checkBatching } from './batching.js';
import { isImagenetCount, type LabelSource, loadLabels } from './labels/load_labels.js';
import { Model } from './model.js';
import { buildNetwork } from './network_graph.js';
import { buildOwnNetwork, isOwn, type OwnEntry, type OwnNetwork, ownEntry } from './own_network.js';
import { findNetwork } from './weights/find_network.js';
import { type WeightLayout, weightLayouts } from './weights/libraries.js';
import { assertAllTaken, type NetworkWeights, weightsToLoad } from './weights/network_weights.js';
import { namedWeights } from './weights/onnx/named_weights.js';
import { type PublishedWeightsChoice, publishedCheckpoint } from './weights/published_choice.js';
import { type PreprocessingChoice, preprocessingOf, storedPreprocessing } from './weights/weight_preprocessing.js';
import { reportWeights, type WeightsReport } from './weights/weights_report.js';

/** Options of `loadModel`. */
export interface LoadModelOptions
  extends Pick<
      SessionOptions,
      'device' | 'threads' | 'mode' | 'minAgreement' | 'keepFloat32' | 'packedCache' | 'sharedWeights' | 'gpu'
    >,
    PreprocessingChoice {
  /**
   * Default `auto`: what computes fastest on the device (docs/precision.md). `model.precision` says what that came to,
   * `model.precisionReport` why, and what it costs.
   */
  readonly precision?: Precision;
  /**
   * Ranges of all values, for int8, and what precisions cost: what `model.calibrate` gave, or a file that `slimnet quantize` wrote.
   * Unless told, the file `<checkpoint>.calibration.json` where there is one.
   */
  readonly calibration?: Calibration | string;
  /**
   * TensorFlow V1 file, V2 prefix, a folder with a `checkpoint` file, .safetensors, .pth, .h5, .keras or .onnx: a path, a `file:` URL, or the bytes of a V1, PyTorch or
   * safetensors file, which must not change until the model is loaded. Floats of other widths are converted; `model.weights` says so.
   */
  readonly checkpoint?: CheckpointSource;
  /**
   * Instead of a checkpoint: `imagenet` for the weights that TF-Slim published for the network, which are fetched into the user's cache where they
   * are not there yet (docs/weights.md); an object says from where, and more.
   */
  readonly weights?: PublishedWeightsChoice;
  /** Instead of a checkpoint: fresh weights from this seed. Such a model knows nothing. */
  readonly untrainedSeed?: number;
  /** Who named the checkpoint's tensors; as the names show unless told (docs/foreign_weights.md). */
  readonly layout?: WeightLayout;
  /** What stands before the names of all tensors, such as `model.`; as the names show unless told, which a file of several networks needs. */
  readonly prefix?: string;
  /** Takes the moving averages that training kept of the weights (`<variable>/ExponentialMovingAverage`). False unless told. */
  readonly useMovingAverages?: boolean;
  /**
   * Names of the classes: a file or a list, or `imagenet`. Unless told those of the training where the checkpoint is of a `Trainer`, and ImageNet's
   * where weights of the registry have 1000 or 1001 classes.
   */
  readonly labels?: LabelSource;
  /** Classes of the logits; taken from the checkpoint, else from the registry. Weights without logits make a model of features alone. */
  readonly numClasses?: number;
  /** Pixels a side of the network's input; what the weights say unless told, else the network's own size. */
  readonly imageSize?: number;
  /** How calls share batches. */
  readonly batching?: BatchingOptions;
  /** False: strings are refused instead of opened as paths, for images that come from elsewhere. True unless told. */
  readonly files?: boolean;
  /** How images are decoded. */
  readonly decode?: Omit<DecodeOptions, 'minSide' | 'signal'>;
  /**
   * Images that are decoded or preprocessed at the same time, by all calls together; 2 to 4 unless told, as there are cores. The
   * decoder works on libuv's threads: to decode more than 4, set UV_THREADPOOL_SIZE as well.
   */
  readonly imageWorkers?: number;
}

/** What is undefined here follows from the network, the checkpoint or the device. */
const defaults = {
  checkpoint: undefined,
  weights: undefined,
  untrainedSeed: undefined,
  layout: undefined,
  prefix: undefined,
  useMovingAverages: false,
  labels: undefined,
  numClasses: undefined,
  imageSize: undefined,
  preprocessing: undefined,
  resizeSide: undefined,
  cropFraction: undefined,
  interpolation: undefined,
  mean: undefined,
  std: undefined,
  batching: {},
  decode: {},
  imageWorkers: undefined,
  files: true,
  device: undefined,
  precision: 'auto',
  calibration: undefined,
  minAgreement: undefined,
  keepFloat32: undefined,
  threads: undefined,
  mode: undefined,
  packedCache: 'auto',
  sharedWeights: undefined,
  gpu: undefined,
} satisfies Defaults<LoadModelOptions>;

/** How hints of `loadModel` name its options. */
export const loadModelSpelling = spelledInCode(Object.keys(defaults));

type CompleteOptions = WithDefaults<LoadModelOptions, typeof defaults>;

/** Options that were checked, and what some of them come to. */
interface Loading {
  readonly options: CompleteOptions;
  readonly batching: Batching;
  readonly images: ImageLoaderOptions;
}

/** Programs that are kept besides those of the batches (of each output, and of all at once), for `run` with sizes of its own. */
const programsBesides = 8;

/**
 * Loads a network with its weights, preprocessing and labels as one object.
 * @param name one of the registry, e.g. `resnet_v1_50`; `auto` for the one that the names of the checkpoint show, which `model.name` tells;
 *   or a network of one's own, whose variables have their own names in the checkpoint
 * @throws ArgumentError for options, CheckpointError when the weights do not fit, or are of no network that `auto` can tell
 */
export async function loadModel(name: NetworkName | 'auto' | OwnNetwork, options: LoadModelOptions): Promise<Model> {
  return spelling(loadModelSpelling, async () => {
    if (name === 'auto') return loadFound(options);
    const entry = typeof name === 'object' && name !== null ? ownEntry(name) : network(name);
    const loading = checkedOptions(entry, await withPublished(entry, options));
    const { checkpoint } = loading.options;
    if (checkpoint === undefined) return load(entry, loading, null);
    return reading(checkpoint, entry, async (reader) =>
      load(entry, loading, await weightsIn(entry, reader, loading.options)),
    );
  });
}

/** The options with the checkpoint that `weights` stands for. */
async function withPublished(entry: NetworkEntry | OwnEntry, options: LoadModelOptions): Promise<LoadModelOptions> {
  const { weights, checkpoint, untrainedSeed, ...rest } = withDefaults('loadModel', options, defaults);
  if (weights === undefined) return options;
  if (checkpoint !== undefined || untrainedSeed !== undefined)
    throw new ArgumentError(`loadModel('${entry.name}'): expected one of checkpoint, weights and untrainedSeed.`);
  return defined({ ...rest, checkpoint: await publishedCheckpoint(entry, weights) }) as LoadModelOptions;
}

/** Loads the network that the names of the checkpoint show. */
async function loadFound(options: LoadModelOptions): Promise<Model> {
  const { checkpoint, layout, prefix, weights } = withDefaults('loadModel', options, defaults);
  if (weights !== undefined)
    throw new ArgumentError("loadModel('auto'): published weights are those of one network: name it.");
  if (checkpoint === undefined)
    throw new ArgumentError("loadModel('auto'): expected a checkpoint, whose names show the network.");
  return reading(checkpoint, null, async (reader) => {
    const entry = network(findNetwork(reader, { layout, prefix }));
    const loading = checkedOptions(entry, options);
    return load(entry, loading, await weightsIn(entry, reader, loading.options));
  });
}

/** The network that the names of a checkpoint show. @throws CheckpointError */
export function networkIn(
  checkpoint: CheckpointSource,
  { layout, prefix }: Pick<LoadModelOptions, 'layout' | 'prefix'> = {},
): Promise<NetworkName> {
  return reading(checkpoint, null, async (reader) => findNetwork(reader, { layout, prefix }));
}

/** @param entry the network whose weights are read; null: the one that they show */
async function reading<T>(
  checkpoint: CheckpointSource,
  entry: NetworkEntry | OwnEntry | null,
  body: (reader: CheckpointReader) => Promise<T>,
): Promise<T> {
  const reader = await openCheckpoint(checkpoint, { crc32c: loadAddon().crc32c });
  try {
    return await body(namedWeights(reader, entry));
  } finally {
    await reader.close();
  }
}

/** @param weights none: fresh ones */
async function load(
  entry: NetworkEntry | OwnEntry,
  { options, batching, images: loading }: Loading,
  weights: Weights | null,
): Promise<Model> {
  const { device, precision, minAgreement, keepFloat32, threads, mode, packedCache, sharedWeights, gpu } = options;
  const { untrainedSeed = 0 } = options;
  if (weights?.classes === 0) assertNoClasses(options, weights.reader);
  const trained = weights === null ? null : await classesOfRun(weights.reader);
  const asksWeights = options.preprocessing === undefined && weights !== null;
  const stored = asksWeights ? await storedPreprocessing(entry, weights.reader) : null;
  const preprocessing = preprocessingOf(entry, options, stored);
  const images = { ...loading, decode: decodeFor(preprocessing, options.decode) };
  const { graph, outputs, numClasses } = isOwn(entry)
    ? buildOwnNetwork(entry, options.numClasses ?? trained?.length, preprocessing, untrainedSeed)
    : ofRegistry(entry, options.numClasses ?? weights?.classes ?? entry.numClasses, preprocessing, untrainedSeed);
  const known = trained?.length === numClasses ? trained : undefined;
  const names = options.labels ?? known ?? (isOwn(entry) ? entry.labels : usualLabels(numClasses, weights !== null));
  const numbering = isOwn(entry) ? undefined : entry;
  const labels = names === undefined ? null : await loadLabels(names, numClasses, numbering);
  const calibration = await calibrationFor(options);
  const programLimit =
    programsBesides + (Object.keys(outputs).length + 1) * batchSizesUpTo(batching.maxBatchSize).length;
  const session = await Session.create(
    graph,
    defined({
      precision,
      calibration,
      minAgreement,
      keepFloat32,
      device,
      threads,
      mode,
      packedCache,
      sharedWeights,
      gpu,
      programLimit,
    }),
  );
  try {
    const report = weights === null ? null : await restore(session, weights, options.useMovingAverages);
    if (weights === null) await session.initialize();
    return new Model(entry, session, outputs, { labels, numClasses, preprocessing, batching, images, weights: report });
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** The list that weights of the registry have been trained on, as far as the number of classes tells. */
function usualLabels(classes: number, isTrained: boolean): 'imagenet' | undefined {
  return isTrained && isImagenetCount(classes) ? 'imagenet' : undefined;
}

/** The classes that a training has written into its checkpoint; null for other checkpoints. */
async function classesOfRun(reader: CheckpointReader): Promise<readonly string[] | null> {
  const identity = (await readRunState(reader))?.identity as { readonly classes?: unknown } | undefined;
  const { classes } = identity ?? {};
  return Array.isArray(classes) && classes.every((name) => typeof name === 'string') ? classes : null;
}

/** What names classes, with weights that have none. @throws CheckpointError */
function assertNoClasses({ numClasses, labels }: CompleteOptions, { path }: CheckpointReader): void {
  const option = numClasses !== undefined ? 'numClasses' : labels !== undefined ? 'labels' : null;
  if (option === null) return;
  throw new CheckpointError('Expected weights with logits, these have none.', {
    path,
    hint: advice`leave out ${option}: without classes there are features (embed).`,
  });
}

function ofRegistry(entry: NetworkEntry, numClasses: number, preprocessing: PreprocessingSpec, seed: number) {
  return { ...buildNetwork(entry, numClasses, preprocessing, seed), numClasses };
}

/** The file in which the calibration of a checkpoint is looked for. */
export function calibrationFile(checkpoint: string): string {
  return `${checkpoint}.calibration.json`;
}

async function calibrationFor({
  precision,
  calibration,
  checkpoint,
}: CompleteOptions): Promise<Calibration | undefined> {
  if (typeof calibration === 'string') return loadCalibration(calibration);
  const path = isUrl(checkpoint) ? pathOfUrl(checkpoint, 'checkpoint') : checkpoint;
  if (calibration !== undefined || typeof path !== 'string') return calibration;
  if (precision === 'float32') return undefined;
  const beside = calibrationFile(path);
  return existsSync(beside) ? loadCalibration(beside) : undefined;
}

/** A checkpoint that is open, and which of its tensors are the weights. */
interface Weights extends NetworkWeights {
  readonly reader: CheckpointReader;
}

/** Under the names of the variables, behind a prefix where there is one. */
function ownWeights(prefix = ''): NetworkWeights {
  const nameMap = prefix === '' ? undefined : (name: string) => prefix + name;
  return { layout: 'slim', prefix, nameMap, classes: undefined };
}

async function weightsIn(
  entry: NetworkEntry | OwnEntry,
  reader: CheckpointReader,
  options: CompleteOptions,
): Promise<Weights> {
  if (isOwn(entry)) return { reader, ...ownWeights(options.prefix) };
  const { checkpoint, layout, prefix, useMovingAverages } = options;
  const isFile = typeof checkpoint === 'string' || isUrl(checkpoint);
  return { reader, ...(await weightsToLoad(entry, reader, isFile, { layout, prefix, useMovingAverages })) };
}

async function restore(session: Session, weights: Weights, useMovingAverages: boolean): Promise<WeightsReport> {
  const { reader, nameMap } = weights;
  const plan: RestorePlan = await session.restore(reader, defined({ nameMap, useMovingAverages }));
  assertAllTaken(weights, plan, reader.variables);
  return reportWeights(reader, weights, plan);
}

/** How to come by weights of a network of the registry. */
function weightsHint({ name, published }: NetworkEntry): string {
  return published
    ? `pass { weights: 'imagenet' } for the published ones, or { checkpoint: '${name}.ckpt' }, a file.`
    : `pass { checkpoint: '${name}.ckpt' }, a file with its weights.`;
}

function checkedOptions(entry: NetworkEntry | OwnEntry, given: LoadModelOptions): Loading {
  const { name } = entry;
  const options = withDefaults('loadModel', given, defaults);
  const { checkpoint, untrainedSeed, layout, numClasses, files, prefix, useMovingAverages } = options;
  if ((checkpoint === undefined) === (untrainedSeed === undefined)) {
    throw new ArgumentError(`loadModel('${name}'): expected one of checkpoint, weights and untrainedSeed.`, {
      hint: isOwn(entry) ? `pass { checkpoint: '${name}.ckpt' }.` : weightsHint(entry),
    });
  }
  if (untrainedSeed !== undefined && !Number.isSafeInteger(untrainedSeed)) {
    throw new ArgumentError(`untrainedSeed: expected an integer, received ${describe(untrainedSeed)}.`);
  }
  if (layout !== undefined && isOwn(entry))
    throw new ArgumentError('layout: a network of your own takes weights under the names of its variables.', {
      hint: 'rename tensors with `slimnet convert --rename`.',
    });
  if (layout !== undefined && !weightLayouts.includes(layout)) {
    throw new ArgumentError(`layout: expected one of ${weightLayouts.join(', ')}, received ${describe(layout)}.`);
  }
  checkBoolean('loadModel', 'files', files);
  checkBoolean('loadModel', 'useMovingAverages', useMovingAverages);
  if (prefix !== undefined && typeof prefix !== 'string')
    throw new ArgumentError(`prefix: expected what names begin with, received ${describe(prefix)}.`);
  if (numClasses !== undefined) checkInteger('loadModel', 'numClasses', numClasses, 1, 2 ** 24);
  const batching = checkBatching(options.batching);
  if (options.preprocessing !== undefined) checkPreprocessingName(options.preprocessing);
  checkPreprocessingOptions('loadModel', options);
  // Whatever the weights say, these must make sense.
  checkDecodeOptions(decodeFor(preprocessingOf(entry, { imageSize: options.imageSize }, null), options.decode));
  const { imageWorkers: workers } = options;
  if (workers !== undefined) checkImageWorkers('loadModel', 'imageWorkers', workers);
  return { options, batching, images: defined({ workers, files }) };
}

/** A fast decode shrinks images to what the preprocessing resizes them to. */
function decodeFor({ resizeSide }: PreprocessingSpec, decode: CompleteOptions['decode']): DecodeOptions {
  return { ...decode, ...(decode.mode === 'fast' ? { minSide: resizeSide } : {}) };
}
