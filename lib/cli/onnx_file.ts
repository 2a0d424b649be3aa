import { assertWritable } from '../checkpoint/files/targets.js';
import {
  AssignedValues,
  type Assignment,
  assertRestorable,
  type Crc32c,
  matchVariables,
  openCheckpoint,
} from '../checkpoint/index.js';
import type { Tensor } from '../core/graph.js';
import { defined } from '../core/options.js';
import { changed, type PreprocessingSpec, type StoredPreprocessing } from '../data/preprocessing.js';
import { type WriteOnnxResult, writeOnnx } from '../export/onnx.js';
import { buildNetwork, type ModelOutput, outputOf } from '../model/network_graph.js';
import type { WeightLayout } from '../model/weights/libraries.js';
import { assertAllTaken, weightsToLoad } from '../model/weights/network_weights.js';
import { namedWeights } from '../model/weights/onnx/named_weights.js';
import {
  type PreprocessingChoice,
  preprocessingKey,
  preprocessingOf,
  preprocessingText,
  storedPreprocessing,
} from '../model/weights/weight_preprocessing.js';
import { reportWeights, type WeightsReport } from '../model/weights/weights_report.js';
import { squeeze } from '../slim/math.js';
import { type NetworkEntry, type NetworkName, network } from '../slim/nets/registry.js';

/** What to write. */
export interface OnnxFileOptions {
  readonly model: NetworkName;
  /** Pixels a side of the images; the network's own size when left out. */
  readonly size?: number;
  /** What differs from the preprocessing that the weights or the network have. */
  readonly preprocessing: PreprocessingChoice;
  /** Images that the file takes at once; null: any number. */
  readonly batch: number | null;
  /** Classes of the logits; as the checkpoint has when left out. */
  readonly classes?: number;
  readonly outputs: readonly ModelOutput[];
  /** Who named the weights; as the names show when left out. */
  readonly layout?: WeightLayout;
  /** What stands before all names; as the names show when left out. */
  readonly prefix?: string;
  readonly useMovingAverages?: boolean;
  readonly axes: 'nchw' | 'unchanged';
  readonly externalData?: boolean;
  readonly overwrite: boolean;
  readonly crc32c?: Crc32c;
  readonly signal: AbortSignal;
}

/**
 * Writes a network of the registry with the weights of a checkpoint as an ONNX file: placeholder `images`, results [images, classes].
 * The metadata say which network it is, and what preprocessing it expects.
 */
export async function writeOnnxFile(
  source: string,
  path: string,
  options: OnnxFileOptions,
): Promise<WriteOnnxResult & { readonly weights: WeightsReport }> {
  const {
    model,
    size,
    preprocessing,
    batch,
    outputs,
    axes,
    externalData,
    overwrite,
    crc32c,
    signal,
    useMovingAverages = false,
  } = options;
  const entry = network(model);
  const opened = await openCheckpoint(source, defined({ signal, crc32c }));
  try {
    const reader = namedWeights(opened, entry);
    const { layout, prefix } = options;
    const weights = await weightsToLoad(entry, reader, true, { layout, prefix, useMovingAverages });
    const classes = options.classes ?? weights.classes ?? entry.numClasses;
    const stored = preprocessing.preprocessing === undefined ? await storedPreprocessing(entry, reader) : null;
    const spec = preprocessingOf(entry, { ...preprocessing, imageSize: size }, stored);
    const { graph, outputs: all } = buildNetwork(entry, classes, spec, 0);
    const fetches = graph.build(() =>
      Object.fromEntries(outputs.map((name) => [name, rows(outputOf(all, name, reader.path))])),
    );
    const plan = matchVariables(
      [...graph.variables.values()],
      reader,
      defined({ nameMap: weights.nameMap, useMovingAverages }),
    );
    assertRestorable(plan);
    assertAllTaken(weights, plan, reader.variables);
    const values = new AssignedValues(reader, plan.assignments);
    const assignments = new Map(plan.assignments.map((assignment) => [assignment.variable, assignment]));
    await assertWritable([path, `${path}.data`].slice(0, externalData === true ? 2 : 1), reader.files, overwrite);
    const written = await writeOnnx(
      path,
      {
        graph,
        fetches,
        layout: axes,
        shapes: { images: [batch, spec.height, spec.width, 3] },
        read: (variable) => values.read(assignments.get(variable) as Assignment),
        metadata: {
          [preprocessingKey]: preprocessingText(wanted(entry, preprocessing, stored, spec)),
          network: model,
          preprocessing: spec.name,
          image_size: String(spec.height),
          resize_side: String(spec.resizeSide),
          crop_fraction: String(spec.cropFraction),
          interpolation: spec.interpolation,
          mean: spec.mean.join(','),
          std: spec.std.join(','),
          label_offset: String(entry.labelOffset),
        },
      },
      defined({ signal, externalData }),
    );
    return { ...written, weights: reportWeights(reader, weights, plan) };
  } finally {
    await opened.close();
  }
}

/** The preprocessing as weights keep it, so that a file that is loaded again has it. */
function wanted(
  entry: NetworkEntry,
  { preprocessing, ...options }: PreprocessingChoice,
  stored: StoredPreprocessing | null,
  { height, resizeSide }: PreprocessingSpec,
): StoredPreprocessing {
  const said = changed<StoredPreprocessing>(stored ?? { name: preprocessing ?? entry.preprocessing }, defined(options));
  // A side is one for images of some size.
  return { ...said, imageSize: height, ...(said.resizeSide === undefined ? {} : { resizeSide }) };
}

/** [images, 1, 1, values] as [images, values]. */
function rows(tensor: Tensor): Tensor {
  const { shape } = tensor;
  return shape.length === 4 && shape[1] === 1 && shape[2] === 1 ? squeeze(tensor, [1, 2]) : tensor;
}
