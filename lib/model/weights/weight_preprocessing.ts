/** Preprocessing as data of weights: what a checkpoint says of it, and what comes of that and of a caller's options. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CheckpointReader } from '../../checkpoint/index.js';
import { describe } from '../../core/dtype.js';
import { parseJson } from '../../core/json.js';
import { checkInteger, checkOptions } from '../../core/options.js';
import { readTextFile, type TextFailure } from '../../core/text.js';
import {
  checkPreprocessingName,
  interpolations,
  maxNetworkSide,
  type PreprocessingName,
  type PreprocessingOptions,
  type PreprocessingSpec,
  preprocessingFor,
  preprocessings,
  type StoredPreprocessing,
} from '../../data/preprocessing.js';
import { ArgumentError, advice, CheckpointError } from '../../errors.js';
import type { NetworkEntry } from '../../slim/nets/registry.js';
import type { OwnEntry } from '../own_network.js';

/** Options of a caller. */
export interface PreprocessingChoice extends PreprocessingOptions {
  /** A preset, in place of what the weights say. */
  readonly preprocessing?: PreprocessingName | undefined;
}

/** The key of the metadata of safetensors and ONNX files. */
export const preprocessingKey = 'slimnet.preprocessing';

const maxConfigBytes = 1 << 24;

/**
 * The preprocessing of a network with these weights: that of the options, else of the weights, else of the registry.
 * @param stored what the weights say
 * @throws ArgumentError
 */
export function preprocessingOf(
  entry: NetworkEntry | OwnEntry,
  {
    imageSize,
    preprocessing,
    resizeSide,
    cropFraction,
    interpolation,
    mean,
    std,
  }: PreprocessingChoice & { readonly imageSize?: number | undefined },
  stored: StoredPreprocessing | null,
): PreprocessingSpec {
  const preset = preprocessing ?? stored ?? entry.preprocessing;
  const size = imageSize ?? (typeof preset === 'string' ? undefined : preset.imageSize) ?? entry.imageSize;
  return preprocessingFor(preset, size, { resizeSide, cropFraction, interpolation, mean, std });
}

/**
 * What a checkpoint says of the preprocessing: the metadata of a safetensors or ONNX file, the program that wrote that, or timm's config.json
 * beside the weights.
 * @throws CheckpointError for what cannot be understood
 */
export async function storedPreprocessing(
  entry: NetworkEntry | OwnEntry,
  reader: CheckpointReader,
): Promise<StoredPreprocessing | null> {
  const said = metadataPreprocessing(reader);
  if (said !== null) return said;
  const { format, path } = reader;
  if (format === 'onnx') return ofProducer(entry, reader);
  const config = join(dirname(path), 'config.json');
  const isOfPytorch = 'library' in entry && entry.library === 'pytorch';
  // Weights from memory stand beside nothing.
  if (format !== 'safetensors' || !isOfPytorch || !existsSync(path) || !existsSync(config)) return null;
  const fail: TextFailure = (what, details) => new CheckpointError(`${what}.`, { path: config, ...details });
  const json = parseJson(await readTextFile(config, maxConfigBytes, fail), fail);
  const found = isRecord(json) ? json.pretrained_cfg : undefined;
  return isRecord(found) ? understood(fail, () => ofTimm(found)) : null;
}

/** What the programs that write ONNX files have their images prepared by. */
const byProducer: Readonly<Record<string, PreprocessingName>> = { pytorch: 'torchvision' };

/** Where the form of a network does not tell whose it is, its producer has to. @throws CheckpointError where that does not either */
function ofProducer(entry: NetworkEntry | OwnEntry, { graph, path }: CheckpointReader): StoredPreprocessing | null {
  if (!('isFormShared' in entry) || !entry.isFormShared) return null;
  const producer = graph?.producer ?? '';
  const name = Object.hasOwn(byProducer, producer) ? byProducer[producer] : undefined;
  if (name !== undefined) return { name };
  throw new CheckpointError(`Nothing says how the images of this ${entry.name} are to be prepared: libraries differ.`, {
    path,
    hint: advice(
      ["choose Slim's own, ", ", Keras' caffe, PyTorch's torchvision, or another one."],
      ['preprocessing', entry.preprocessing],
    ),
  });
}

/** What the metadata of a safetensors or ONNX file says. @throws CheckpointError for what cannot be understood */
export function metadataPreprocessing({ path, metadata }: CheckpointReader): StoredPreprocessing | null {
  const text = metadata[preprocessingKey];
  if (text === undefined) return null;
  const fail: TextFailure = (what, details) =>
    new CheckpointError(`The metadata ${preprocessingKey}: ${what}.`, { path, ...details });
  return understood(fail, () => parsePreprocessing(parseJson(text, fail)));
}

/** The text that a safetensors file keeps. @throws ArgumentError for options that do not fit */
export function preprocessingText(stored: StoredPreprocessing): string {
  return JSON.stringify(parsePreprocessing(stored));
}

/** Errors about options as errors about the place where they stand. */
function understood(fail: TextFailure, read: () => StoredPreprocessing): StoredPreprocessing {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ArgumentError)) throw cause;
    throw fail(cause.message.replace(/\.$/, ''), {
      cause,
      hint: 'choose a preprocessing: its options stand above what the weights say.',
    });
  }
}

/** @throws ArgumentError */
function parsePreprocessing(value: unknown): StoredPreprocessing {
  const where = 'preprocessing';
  checkOptions(where, value, ['name', 'imageSize', 'resizeSide', 'cropFraction', 'interpolation', 'mean', 'std']);
  const stored = value as StoredPreprocessing;
  checkPreprocessingName(stored.name);
  const { imageSize = preprocessings[stored.name].imageSize } = stored;
  checkInteger(where, 'imageSize', imageSize, 1, maxNetworkSide);
  preprocessingFor(stored, imageSize);
  return stored;
}

/** timm's description of pretrained weights, as its own transforms follow it. @throws ArgumentError */
function ofTimm(config: Readonly<Record<string, unknown>>): StoredPreprocessing {
  const { input_size: size, crop_pct: cropFraction, crop_mode: mode = 'center', interpolation, mean, std } = config;
  const fail = (name: string, expected: string, received: unknown) =>
    new ArgumentError(`pretrained_cfg: ${name}: expected ${expected}, received ${describe(received)}.`);
  const [channels, height, width] = Array.isArray(size) ? (size as unknown[]) : [];
  if (channels !== 3 || height !== width) throw fail('input_size', '3 channels and equal sides', size);
  if (mode !== 'center') throw fail('crop_mode', 'center', mode);
  if (!(interpolations as readonly unknown[]).includes(interpolation))
    throw fail('interpolation', interpolations.join(', '), interpolation);
  return parsePreprocessing({ name: 'torchvision', imageSize: height, cropFraction, interpolation, mean, std });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
