import { type Command, Option } from 'commander';
import { defined } from '../core/options.js';
import { type Precision, precisions } from '../core/precision.js';
import { ArgumentError } from '../errors.js';
import { type LoadModelOptions, loadModel, networkIn } from '../model/load_model.js';
import type { Model } from '../model/model.js';
import { type WeightLayout, weightLayouts } from '../model/weights/libraries.js';
import type { WeightsReport } from '../model/weights/weights_report.js';
import { defaultMinAgreement } from '../runtime/precision/device.js';
import { describePrecision } from '../runtime/precision/precision_report.js';
import { executionModes } from '../runtime/session/mode.js';
import type { ExecutionMode, GpuOptions } from '../runtime/session/types.js';
import { type NetworkName, networkNames } from '../slim/nets/registry.js';
import { readTraining } from '../trainer/index.js';
import { fetchShowing } from './fetching.js';
import { gpuHelp, gpuOptions } from './gpu_options.js';
import {
  addDecodeOptions,
  addPreprocessingOptions,
  type DecodeFlags,
  decodeOptions,
  type PreprocessingFlags,
  preprocessingChoice,
} from './image_options.js';
import { type CliIo, printable, say } from './io.js';
import { integer, share } from './numbers.js';

/** Options that say where and how a network runs. */
export interface EngineFlags {
  readonly device: string;
  readonly threads?: number;
  readonly mode: ExecutionMode;
  readonly precision?: Precision;
  readonly gpu?: GpuOptions;
}

/** Options that every command with a trained model takes. */
export interface ModelFlags extends EngineFlags, PreprocessingFlags, DecodeFlags {
  readonly model?: NetworkName;
  readonly checkpoint: string;
  readonly layout?: WeightLayout;
  readonly prefix?: string;
  readonly movingAverages?: boolean;
  readonly labels?: string;
  readonly classes?: number;
  readonly size?: number;
  readonly batch: number;
  readonly calibration?: string;
  readonly minAgreement?: number;
}

/** Adds --model, for commands that have no checkpoint, and the others of `addEngineOptions`. */
export function addNetworkOptions(command: Command): Command {
  return addEngineOptions(
    command.addOption(new Option('-m, --model <name>', 'network').choices(networkNames).default('resnet_v1_50')),
  );
}

/** Adds --device, --threads, --mode and --gpu. */
function addEngineOptions(command: Command): Command {
  return command
    .option('-d, --device <name>', 'where to compute (slimnet doctor lists what there is)', 'cpu')
    .option('--threads <n>', 'threads (default: cores that the process may use)', integer(1, 1024))
    .option('--gpu <list>', gpuHelp, gpuOptions)
    .addOption(
      new Option('--mode <name>', 'all threads on one run, or one on each').choices(executionModes).default('latency'),
    );
}

/** Adds --precision. @param usual what is computed with unless told */
export function addPrecisionOption(command: Command, usual: Precision = 'auto'): Command {
  return command.addOption(
    new Option('--precision <name>', 'numbers to compute with; auto is what is fastest here')
      .choices(precisions)
      .default(usual),
  );
}

/** Adds --precision, --calibration and --min-agreement. */
export function addPrecisionOptions(command: Command): Command {
  return addPrecisionOption(command)
    .option('--calibration <file>', 'ranges for int8 (default: <checkpoint>.calibration.json where there is one)')
    .option(
      '--min-agreement <share>',
      `auto takes int8 or bfloat16 only from this top-1 agreement with float32 on (default: ${defaultMinAgreement})`,
      share,
    );
}

/** What says where weights come from: one of both. */
export interface SourceFlags {
  readonly model?: NetworkName;
  readonly checkpoint?: string;
  readonly weights?: 'imagenet';
}

/** Flags as they are given, before it is known which checkpoint they mean. */
export type GivenModelFlags = Omit<ModelFlags, 'checkpoint'> & SourceFlags;

/** Adds --checkpoint and --weights, and all else about a trained model. */
export function addModelOptions(command: Command): Command {
  return addWeightOptions(addSourceOptions(command));
}

/** Adds --checkpoint and --weights, of which `withCheckpoint` takes one. */
export function addSourceOptions(command: Command): Command {
  return command
    .option(
      '-c, --checkpoint <path>',
      'TensorFlow V1 file, V2 prefix, train dir or other folder with a checkpoint file, .safetensors, .pth, .h5, .keras or .onnx',
    )
    .addOption(weightsOption());
}

export function weightsOption(): Option {
  return new Option('--weights <name>', 'the published weights of --model instead (docs/weights.md)').choices([
    'imagenet',
  ]);
}

/**
 * The flags with the checkpoint that they name: a path, or published weights, which are fetched where they are not there.
 * @throws ArgumentError where they name none, or two
 */
export async function withCheckpoint<T extends SourceFlags>(
  flags: T,
  io: CliIo,
): Promise<T & { readonly checkpoint: string }> {
  const { checkpoint, weights, model } = flags;
  if ((checkpoint === undefined) === (weights === undefined))
    throw new ArgumentError('Expected one of --checkpoint and --weights.', {
      hint: '--checkpoint names a file, `--model resnet_v1_50 --weights imagenet` takes the published weights.',
    });
  if (checkpoint !== undefined) return { ...flags, checkpoint };
  if (model === undefined)
    throw new ArgumentError('--weights: expected --model, the network whose weights are wanted.');
  return { ...flags, checkpoint: (await fetchShowing(model, {}, io)).path };
}

/** Adds what says how weights are read and run. @param maxPixels the default that the help tells */
export function addWeightOptions(command: Command, maxPixels?: number): Command {
  const withWeights = addEngineOptions(
    command.addOption(
      new Option('-m, --model <name>', 'network (default: as the names of the checkpoint show)').choices(networkNames),
    ),
  )
    .addOption(
      new Option('--layout <name>', 'who named the weights (default: as the names show)').choices(weightLayouts),
    )
    .option('--prefix <text>', 'what the names of the weights begin with (default: as the names show)')
    .option('--moving-averages', 'take the moving averages that training kept of the weights')
    .option('--classes <n>', 'classes of the logits (default: as the checkpoint has)', integer(1, 1_000_000))
    .option('--size <n>', "pixels a side (default: the network's own, or its training's)", integer(1, 16384))
    .option('-b, --batch <n>', 'images that run at once', integer(1, 1024), 32);
  return addDecodeOptions(addPreprocessingOptions(withWeights), maxPixels);
}

/** The engine options of `loadModel`. */
export function engineOptions({
  device,
  threads,
  mode,
  precision,
  gpu,
}: EngineFlags): Pick<LoadModelOptions, 'device' | 'threads' | 'mode' | 'precision' | 'gpu'> {
  return defined({ device, mode, precision, threads, gpu });
}

/** Loads the model that the flags name, and says what `auto` came to. @param more what a command has to say besides */
export async function loadFromFlags(
  given: ModelFlags,
  io: CliIo,
  more: Partial<LoadModelOptions> = {},
): Promise<Model> {
  const flags = await asTrained(given);
  const options = { ...modelOptions(flags), ...more };
  const model = await loadModel(flags.model ?? 'auto', options);
  sayNetwork(io, given, model);
  sayWeights(io, model.weights);
  sayPrecision(io, model);
  return model;
}

/** The network that the flags name, or that the checkpoint shows. */
export async function networkOf(given: ModelFlags): Promise<NetworkName> {
  const { model, checkpoint, layout, prefix } = await asTrained(given);
  return model ?? networkIn(checkpoint, defined({ layout, prefix }));
}

/** Says which network was found where none was named. */
export function sayNetwork(io: CliIo, { model: named }: ModelFlags, { name }: Model): void {
  if (named === undefined) say(io, `slimnet: network ${name}, as the names of the checkpoint show`);
}

/** The checkpoint of a training knows its network, the size of its images, and whether it has averages. */
async function asTrained(flags: ModelFlags): Promise<ModelFlags> {
  const state = await readTraining(flags.checkpoint);
  if (state === null) return flags;
  const { network: name, imageSize } = state.identity;
  if (!networkNames.includes(name as NetworkName))
    throw new ArgumentError(
      `This training is of a network of your own, ${name}: the command line has only those of the registry.`,
      { path: flags.checkpoint, hint: 'loadModel(network, { checkpoint }) loads it.' },
    );
  const model = flags.model ?? (name as NetworkName);
  const size = flags.size ?? imageSize;
  return { ...flags, model, size, movingAverages: flags.movingAverages ?? state.averages };
}

/** Says how the weights were taken, where that was not as they are. */
export function sayWeights(io: CliIo, weights: WeightsReport | null): void {
  for (const remark of weights?.remarks ?? []) say(io, printable(`slimnet: ${weights?.path}: ${remark}`));
}

/** Says what `auto` came to where that is not float32, and what it costs; or what it did not take for that. */
function sayPrecision(io: CliIo, { precisionReport }: Model): void {
  const { asked, chosen, declined } = precisionReport;
  if (asked === 'auto' && (chosen !== 'float32' || declined !== undefined))
    say(io, printable(`slimnet: precision ${describePrecision(precisionReport)}`));
}

/** The options of `loadModel` that the flags stand for. */
export function modelOptions(flags: ModelFlags): LoadModelOptions {
  const { checkpoint, layout, prefix, movingAverages, calibration, minAgreement, labels, classes, batch, size } = flags;
  return {
    ...engineOptions(flags),
    ...defined({
      checkpoint,
      layout,
      prefix,
      useMovingAverages: movingAverages,
      calibration,
      minAgreement,
      labels,
      numClasses: classes,
      imageSize: size,
    }),
    batching: { maxBatchSize: batch },
    ...preprocessingChoice(flags),
    decode: decodeOptions(flags),
  };
}
