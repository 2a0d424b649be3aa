import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type CastDType,
  type Crc32c,
  castDTypes,
  convertCheckpoint,
  openCheckpoint,
  type WritableFormat,
} from '../../checkpoint/index.js';
import { parseJson } from '../../core/json.js';
import { defined } from '../../core/options.js';
import { readTextFile } from '../../core/text.js';
import { changed, maxNetworkSide } from '../../data/preprocessing.js';
import { ArgumentError } from '../../errors.js';
import type { ModelOutput } from '../../model/network_graph.js';
import { type WeightLayout, weightLayouts } from '../../model/weights/libraries.js';
import { namedWeights } from '../../model/weights/onnx/named_weights.js';
import {
  metadataPreprocessing,
  preprocessingKey,
  preprocessingText,
} from '../../model/weights/weight_preprocessing.js';
import { loadAddon } from '../../native/binding.js';
import { type NetworkName, networkNames } from '../../slim/nets/registry.js';
import type { DefineCommand } from '../command.js';
import { addPreprocessingOptions, type PreprocessingFlags, preprocessingChoice } from '../image_options.js';
import { type CliIo, exitStatus, say } from '../io.js';
import { sayWeights } from '../model_options.js';
import { integer } from '../numbers.js';
import { writeOnnxFile } from '../onnx_file.js';

const examples = `
The source is a TensorFlow V1 file, a V2 prefix, a folder with a checkpoint file, .safetensors, .pth or .onnx. Without --to the destination's
extension decides: .safetensors, .onnx, else v2 (.ckpt, or none).

Examples:
  slimnet convert resnet_v1_50.ckpt resnet_v1_50.safetensors
  slimnet convert model.ckpt small.safetensors --moving-averages --cast bfloat16
  slimnet convert wrapped.safetensors plain.safetensors --rename model.=
  slimnet convert model.ckpt trunk.ckpt --exclude resnet_v1_50/logits --rename resnet_v1_50/=backbone/
  slimnet convert resnet_v1_50.ckpt resnet_v1_50.onnx --model resnet_v1_50 --batch dynamic`;

interface Flags extends PreprocessingFlags {
  readonly to?: Target;
  readonly force?: boolean;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly rename?: readonly (readonly [string, string])[];
  readonly renameFrom?: string;
  readonly cast?: CastDType;
  readonly movingAverages?: boolean;
  readonly model?: NetworkName;
  readonly size?: number;
  readonly batch?: number | 'dynamic';
  readonly classes?: number;
  readonly output?: readonly ModelOutput[];
  readonly layout?: WeightLayout;
  readonly prefix?: string;
  readonly axes?: 'nchw' | 'nhwc';
  readonly externalData?: boolean;
}

const formats = { v1: 'tensorflow_v1', v2: 'tensorflow_v2', safetensors: 'safetensors' } as const satisfies Readonly<
  Record<string, WritableFormat>
>;
type Target = keyof typeof formats | 'onnx';

/** Options that only make sense for one kind of destination. */
const checkpointOptions = ['include', 'exclude', 'rename', 'renameFrom', 'cast'] as const;
const onnxOptions = ['model', 'batch', 'classes', 'output', 'layout', 'prefix', 'axes', 'externalData'] as const;
/** What the metadata of safetensors and ONNX files hold. */
const imageOptions = ['preprocessing', 'resizeSide', 'cropFraction', 'interpolation', 'mean', 'std', 'size'] as const;

export const convert: DefineCommand = (program, io, finish) => {
  const command = program
    .command('convert')
    .description('a checkpoint as one of another format, or as the ONNX file of a network')
    .argument('<source>', 'the checkpoint to read')
    .argument('<destination>', 'the file to write; for v2 the prefix of its two files')
    .addOption(new Option('--to <format>', 'format of the destination').choices([...Object.keys(formats), 'onnx']))
    .option('--force', 'replace files that exist')
    .option('--include <prefix>', 'only tensors whose name starts so (may be repeated)', listed)
    .option('--exclude <prefix>', 'no tensors whose name starts so (may be repeated)', listed)
    .option('--rename <old=new>', 'another prefix for names (may be repeated; the first that fits counts)', renamed)
    .addOption(
      new Option('--rename-from <file>', 'new names of tensors: a JSON object of new names by old ones').conflicts(
        'rename',
      ),
    )
    .addOption(new Option('--cast <dtype>', 'floats of other types become floats of this one').choices(castDTypes))
    .option('--moving-averages', 'take the moving averages that training kept, under the names of their variables');
  addPreprocessingOptions(command).option(
    '--size <n>',
    'pixels a side of the images (default: as the weights or the network say)',
    integer(1, maxNetworkSide),
  );
  addOnnxOptions(command)
    .addHelpText('after', examples)
    .action(async (source: string, destination: string, flags: Flags) => {
      const { to, path } = targetOf(destination, flags.to);
      refuse(flags, to === 'onnx' ? checkpointOptions : onnxOptions, to, '--to onnx');
      if (to === 'v1' || to === 'v2') refuse(flags, imageOptions, to, '--to safetensors or onnx');
      if (to === 'onnx') await toOnnx(io, source, path, flags);
      else await toCheckpoint(io, source, path, formats[to], flags);
      finish(exitStatus.ok);
    });
};

/** Adds the options that only an ONNX file takes. */
function addOnnxOptions(command: Command): Command {
  return command
    .addOption(new Option('-m, --model <name>', 'onnx: the network whose weights these are').choices(networkNames))
    .option('--batch <n>', 'onnx: images at once; any number (dynamic) unless told', batchSize)
    .option('--classes <n>', 'onnx: classes of the logits; as the checkpoint has unless told', integer(1, 1_000_000))
    .addOption(
      new Option('--output <name>', 'onnx: what it computes (may be repeated); logits unless told')
        .choices(['logits', 'predictions', 'features'])
        .argParser(modelOutput),
    )
    .addOption(
      new Option('--layout <name>', 'onnx: who named the weights; as the names show unless told').choices(
        weightLayouts,
      ),
    )
    .option('--prefix <text>', 'onnx: what the names of the weights begin with; as the names show unless told')
    .addOption(
      new Option('--axes <order>', "onnx: order of the images' axes; nchw unless told").choices(['nchw', 'nhwc']),
    )
    .option('--external-data', 'onnx: weights in a file of their own, as they are above 2 GiB');
}

function listed(value: string, earlier: readonly string[] = []): string[] {
  if (value === '') throw new InvalidArgumentError('Expected a prefix.');
  return [...earlier, value];
}

function renamed(value: string, earlier: readonly (readonly [string, string])[] = []): (readonly [string, string])[] {
  const at = value.indexOf('=');
  if (at < 0) throw new InvalidArgumentError('Expected old=new, such as resnet_v1_50/=backbone/.');
  return [...earlier, [value.slice(0, at), value.slice(at + 1)]];
}

function batchSize(value: string): number | 'dynamic' {
  return value === 'dynamic' ? value : integer(1, 65536)(value);
}

const modelOutputs = ['logits', 'predictions', 'features'] as const;

function modelOutput(value: string, earlier: readonly ModelOutput[] = []): ModelOutput[] {
  const output = modelOutputs.find((name) => name === value);
  if (output === undefined) throw new InvalidArgumentError(`Allowed choices are ${modelOutputs.join(', ')}.`);
  return [...new Set([...earlier, output])];
}

/** Format and path, from the option and the extension, which must not contradict each other. */
function targetOf(destination: string, to: Target | undefined): { readonly to: Target; readonly path: string } {
  const extension = /\.(safetensors|onnx|index)$/.exec(destination)?.[1];
  const implied = extension === 'index' ? 'v2' : (extension as Target | undefined);
  if (to !== undefined && implied !== undefined && to !== implied)
    throw new ArgumentError(`--to ${to}: a file whose name ends in .${extension} is ${implied}.`);
  const path = extension === 'index' ? destination.slice(0, -'.index'.length) : destination;
  // A V2 prefix has no extension, that of a checkpoint, or a step or version behind a dot.
  const other = /(?<=[^./\\])\.(?!ckpt$|ckpt-\d+$|\d+$)[^./\\]+$/.exec(destination)?.[0];
  if (to === undefined && implied === undefined && other !== undefined) {
    throw new ArgumentError(`The format of a file that ends in ${other} is not one that is written.`, {
      path: destination,
      hint: 'end its name in .safetensors, .onnx or .ckpt, or say the format: --to v1, v2 or safetensors.',
    });
  }
  return { to: to ?? implied ?? 'v2', path };
}

function refuse(flags: Flags, names: readonly (keyof Flags)[], to: Target, isFor: string): void {
  const wrong = names.find((name) => flags[name] !== undefined);
  if (wrong === undefined) return;
  const option = `--${wrong.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new ArgumentError(`${option} does not apply to ${to}.`, {
    ...(to === 'onnx' ? {} : { hint: `it is for ${isFor}.` }),
  });
}

async function toCheckpoint(
  io: CliIo,
  source: string,
  path: string,
  format: WritableFormat,
  flags: Flags,
): Promise<void> {
  const { include, exclude, rename, renameFrom, cast, movingAverages, force = false } = flags;
  const metadata = await preprocessingMetadata(source, flags);
  await using opened = await openCheckpoint(source, { signal: io.signal, ...fastCrc() });
  // The names of an ONNX file say nothing: its weights get those of the network that it is.
  const result = await convertCheckpoint(namedWeights(opened, null), path, {
    format,
    overwrite: force,
    signal: io.signal,
    ...fastCrc(),
    ...defined({ include, exclude, cast, metadata, useMovingAverages: movingAverages }),
    ...defined({ rename: renameFrom === undefined ? rename : await namesFrom(renameFrom) }),
  });
  const of = result.source.tensors === result.tensors ? '' : ` of ${result.source.tensors}`;
  say(
    io,
    `${result.files.join(' and ')}: ${result.tensors}${of} tensors, ${result.bytes} bytes (${result.format}, from ${result.source.format})`,
  );
  if (result.cast !== undefined) {
    const { dtype, tensors, vanished } = result.cast;
    const zeros = vanished === 0 ? '' : `; ${vanished} values are too small for it and became 0`;
    say(io, `slimnet: ${tensors} tensors were cast to ${dtype}${zeros}.`);
  }
}

/** Largest file of names that is read, in bytes. */
const maxNamesBytes = 16 * 2 ** 20;

/** New names by old ones. @throws ArgumentError */
async function namesFrom(path: string): Promise<Readonly<Record<string, string>>> {
  const fail = (what: string, details: { readonly hint?: string; readonly cause?: unknown } = {}) =>
    new ArgumentError(`--rename-from: ${what}.`, { path, ...details });
  const names = parseJson(await readTextFile(path, maxNamesBytes, fail), fail);
  const isRecord = typeof names === 'object' && names !== null && !Array.isArray(names);
  if (isRecord && Object.values(names).every((name) => typeof name === 'string'))
    return names as Record<string, string>;
  throw fail('expected a JSON object of new names by old ones, such as {"conv1.weight": "stem.weight"}');
}

/** The preprocessing that the options name, or those options over what the source says of it. */
async function preprocessingMetadata(
  source: string,
  flags: Flags,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { preprocessing: name, ...options } = preprocessingChoice(flags);
  const said = defined({ ...options, imageSize: flags.size });
  if (name === undefined && Object.keys(said).length === 0) return undefined;
  const reader = await openCheckpoint(source);
  try {
    const preset = name === undefined ? metadataPreprocessing(reader) : { name };
    if (preset === null)
      throw new ArgumentError('--preprocessing is needed: the source does not say what the options change.');
    return { [preprocessingKey]: preprocessingText(changed(preset, said)) };
  } finally {
    await reader.close();
  }
}

async function toOnnx(io: CliIo, source: string, path: string, flags: Flags): Promise<void> {
  const {
    model,
    size,
    batch = 'dynamic',
    classes,
    output = ['logits'],
    layout,
    prefix,
    movingAverages,
    axes,
    externalData,
    force = false,
  } = flags;
  if (model === undefined) {
    throw new ArgumentError('--model is needed: an ONNX file holds a network, and a checkpoint only has its weights.', {
      hint: `one of ${networkNames.join(', ')}.`,
    });
  }
  const { files, bytes, weights } = await writeOnnxFile(source, path, {
    model,
    batch: batch === 'dynamic' ? null : batch,
    outputs: output,
    axes: axes === 'nhwc' ? 'unchanged' : 'nchw',
    overwrite: force,
    signal: io.signal,
    ...fastCrc(),
    preprocessing: preprocessingChoice(flags),
    ...defined({ layout, prefix, useMovingAverages: movingAverages, size, classes, externalData }),
  });
  sayWeights(io, weights);
  say(io, `${files.join(' and ')}: ${model}, ${bytes} bytes`);
}

/** The addon's checksum where there is an addon; converting works without. */
function fastCrc(): { crc32c?: Crc32c } {
  try {
    return { crc32c: loadAddon().crc32c };
  } catch {
    return {};
  }
}
