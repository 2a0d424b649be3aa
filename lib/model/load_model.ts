import { existsSync } from 'node:fs';
import { type CheckpointReader, openCheckpoint } from '../checkpoint/index.js';
import { describe } from '../core/dtype.js';
import { checkInteger } from '../core/options.js';
import { checkOptions as checkDecodeOptions, type DecodeOptions } from '../data/decoding.js';
import { preprocessingFor } from '../data/preprocessing.js';
import { ArgumentError, CheckpointError } from '../errors.js';
import { loadAddon } from '../native/binding.js';
import { type Calibration, loadCalibration } from '../runtime/precision/calibration.js';
import type { Precision } from '../runtime/precision/device.js';
import { Session, type SessionOptions } from '../runtime/session/session.js';
import { type NetworkEntry, type NetworkName, network, networkNames } from '../slim/nets/registry.js';
import { batchSizesUpTo } from './batch_sizes.js';
import { type BatchingOptions, checkBatching } from './batching.js';
import { type LabelSource, loadLabels } from './labels.js';
import { Model } from './model.js';
import { buildNetwork } from './network_graph.js';
import { assertAllTaken, layoutFor, nameMaps, type WeightLayout, weightLayouts } from './weight_layouts.js';

/** Options of `loadModel`. */
export interface LoadModelOptions
  extends Pick<SessionOptions, 'device' | 'threads' | 'mode' | 'keepFloat32' | 'packedCache'> {
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
  /** TensorFlow V1 file, V2 prefix, a folder with a `checkpoint` file, or .safetensors. */
  readonly checkpoint?: string;
  /** Instead of a checkpoint: fresh weights from this seed. Such a model knows nothing. */
  readonly untrainedSeed?: number;
  /** Who named the checkpoint's tensors; as the names show unless told (docs/foreign_weights.md). */
  readonly layout?: WeightLayout;
  /** Names of the classes: a file or a list. */
  readonly labels?: LabelSource;
  /** Classes of the logits; taken from the checkpoint, else from the registry. */
  readonly numClasses?: number;
  /** Pixels a side of the network's input; the network's own size unless told. */
  readonly imageSize?: number;
  /** How calls share batches. */
  readonly batching?: BatchingOptions;
  /** How images are decoded. */
  readonly decode?: Omit<DecodeOptions, 'minSide' | 'signal'>;
}

const optionNames = new Set([
  'checkpoint',
  'untrainedSeed',
  'layout',
  'labels',
  'numClasses',
  'imageSize',
  'batching',
  'decode',
  'device',
  'precision',
  'calibration',
  'keepFloat32',
  'threads',
  'mode',
  'packedCache',
]);

/** Programs that are kept besides those of the batches, for `run` with sizes of its own. */
const programsBesides = 8;

/**
 * Loads a network of the registry with its weights, preprocessing and labels as one object.
 * @param name e.g. `resnet_v1_50`
 * @throws ArgumentError for options, CheckpointError when the weights do not fit
 */
export async function loadModel(name: NetworkName, options: LoadModelOptions): Promise<Model> {
  const entry = network(name);
  checkOptions(name, options);
  const { device, precision = 'auto', keepFloat32, threads, mode, checkpoint, untrainedSeed = 0 } = options;
  const { packedCache = 'auto' } = options;
  const batching = checkBatching(options.batching);
  const preprocessing = preprocessingFor(entry.preprocessing, options.imageSize ?? entry.imageSize);
  const decode = {
    ...options.decode,
    ...(options.decode?.mode === 'fast' ? { minSide: preprocessing.resizeSide } : {}),
  };
  checkDecodeOptions(decode);
  const found = checkpoint === undefined ? null : await examine(entry, checkpoint, options.layout ?? null);
  const numClasses = options.numClasses ?? found?.classes ?? entry.numClasses;
  const labels = options.labels === undefined ? null : await loadLabels(options.labels, numClasses);
  const { graph, outputs } = buildNetwork(entry, numClasses, preprocessing, untrainedSeed);
  const calibration = await calibrationFor(options);
  const session = await Session.create(graph, {
    precision,
    ...(calibration === undefined ? {} : { calibration }),
    ...(keepFloat32 === undefined ? {} : { keepFloat32 }),
    ...(device === undefined ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
    ...(mode === undefined ? {} : { mode }),
    packedCache,
    programLimit: programsBesides + Object.keys(outputs).length * batchSizesUpTo(batching.maxBatchSize).length,
  });
  try {
    if (checkpoint !== undefined) await restore(session, checkpoint, found?.layout ?? 'slim');
    else await session.initialize();
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
  return new Model(entry, session, outputs, { labels, numClasses, preprocessing, batching, decode });
}

/** The file in which the calibration of a checkpoint is looked for. */
export function calibrationFile(checkpoint: string): string {
  return `${checkpoint}.calibration.json`;
}

async function calibrationFor({
  precision = 'auto',
  calibration,
  checkpoint,
}: LoadModelOptions): Promise<Calibration | undefined> {
  if (typeof calibration === 'string') return loadCalibration(calibration);
  if (calibration !== undefined || checkpoint === undefined) return calibration;
  if (precision === 'float32') return undefined;
  const beside = calibrationFile(checkpoint);
  return existsSync(beside) ? loadCalibration(beside) : undefined;
}

/** What the table of contents says: how the weights are laid out, and the classes of the logits where they are found. */
async function examine(
  entry: NetworkEntry,
  checkpoint: string,
  wanted: WeightLayout | null,
): Promise<{ readonly layout: WeightLayout; readonly classes: number | undefined }> {
  const reader = await openCheckpoint(checkpoint, { crc32c: loadAddon().crc32c });
  try {
    assertNetwork(entry.name, reader);
    const layout = layoutFor(entry, reader, wanted);
    return { layout, classes: classesIn(entry, reader, layout) };
  } finally {
    await reader.close();
  }
}

/**
 * Classes of the logits in a checkpoint; undefined when it has none under the network's name.
 * @throws CheckpointError when the checkpoint is one of another network
 */
export function classesIn(
  { name, logitsBiases }: NetworkEntry,
  reader: CheckpointReader,
  layout: WeightLayout = 'slim',
): number | undefined {
  assertNetwork(name, reader);
  const biases = `${name}/${logitsBiases}`;
  const source = nameMaps[layout]?.(biases, reader.tensors) ?? biases;
  const classes = reader.tensors.get(typeof source === 'string' ? source : source.tensor)?.shape[0];
  return classes !== undefined && classes > 0 ? classes : undefined;
}

async function restore(session: Session, checkpoint: string, layout: WeightLayout): Promise<void> {
  const nameMap = nameMaps[layout];
  assertAllTaken(layout, await session.restore(checkpoint, nameMap === undefined ? {} : { nameMap }));
}

/** @throws CheckpointError when the checkpoint is one of another network of the registry */
function assertNetwork(name: string, { path, tensors }: CheckpointReader): void {
  const found = networkNames.filter((network) =>
    [...tensors.keys()].some((tensor) => tensor.startsWith(`${network}/`)),
  );
  if (found.length === 0 || found.includes(name as NetworkName)) return;
  throw new CheckpointError(`Expected the weights of ${name}, these are of ${found.join(', ')}.`, {
    path,
    hint: `load the model ${found[0]}.`,
  });
}

function checkOptions(name: string, options: LoadModelOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new ArgumentError(`loadModel: expected options, received ${describe(options)}.`);
  for (const key of Object.keys(options)) {
    if (!optionNames.has(key))
      throw new ArgumentError(`loadModel has no option ${key}; it has ${[...optionNames].join(', ')}.`);
  }
  const { checkpoint, untrainedSeed, layout, numClasses } = options;
  if ((checkpoint === undefined) === (untrainedSeed === undefined)) {
    throw new ArgumentError(`loadModel('${name}'): expected either checkpoint or untrainedSeed.`, {
      hint: `pass { checkpoint: '${name}.ckpt' }, the file of the published archive.`,
    });
  }
  if (checkpoint !== undefined && (typeof checkpoint !== 'string' || checkpoint === '')) {
    throw new ArgumentError(`checkpoint: expected a path, received ${describe(checkpoint)}.`);
  }
  if (untrainedSeed !== undefined && !Number.isSafeInteger(untrainedSeed)) {
    throw new ArgumentError(`untrainedSeed: expected a whole number, received ${describe(untrainedSeed)}.`);
  }
  if (layout !== undefined && !weightLayouts.includes(layout)) {
    throw new ArgumentError(`layout: expected one of ${weightLayouts.join(', ')}, received ${describe(layout)}.`);
  }
  if (numClasses !== undefined) checkInteger('loadModel', 'numClasses', numClasses, 1, 2 ** 24);
}
