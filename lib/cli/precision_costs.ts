/** What low precisions cost of a model beside float32. */

import type { LowPrecision } from '../core/precision.js';
import { compareLogits, logitRows } from '../model/accuracy.js';
import { loadModel } from '../model/load_model.js';
import type { Model } from '../model/model.js';
import type { Calibration } from '../runtime/precision/calibration.js';
import { deviceNamed, instructionSet } from '../runtime/precision/device.js';
import type { PrecisionCost, PrecisionCosts } from '../runtime/precision/precision_report.js';
import type { NetworkName } from '../slim/nets/registry.js';
import { runParts } from './batch/run_parts.js';
import type { InputImage } from './inputs/input.js';
import type { CliIo } from './io.js';
import { type ModelFlags, modelOptions } from './model_options.js';
import { table } from './table.js';

/**
 * Compares the logits of low precisions with those of `reference`, which computes in float32.
 * @returns null when images could not be read, which has been reported
 */
export async function measureCosts(
  io: CliIo,
  flags: ModelFlags,
  reference: Model,
  calibration: Calibration,
  precisions: readonly LowPrecision[],
  images: readonly InputImage[],
): Promise<PrecisionCosts | null> {
  const instructions = instructionSet(deviceNamed(flags.device).features);
  const expected = await logitsOf(io, reference, images, flags.batch);
  if (expected === null) return null;
  const costs: Partial<Record<LowPrecision, PrecisionCost>> = {};
  for (const precision of precisions) {
    const narrow = await loadModel(reference.name as NetworkName, { ...modelOptions(flags), precision, calibration });
    try {
      const actual = await logitsOf(io, narrow, images, flags.batch);
      if (actual === null) return null;
      costs[precision] = { ...compareLogits(logitRows(actual), logitRows(expected)), instructions };
    } finally {
      await narrow[Symbol.asyncDispose]();
    }
  }
  return costs;
}

async function logitsOf(
  io: CliIo,
  model: Model,
  images: readonly InputImage[],
  batch: number,
): Promise<Float32Array[] | null> {
  const logits: Float32Array[] = [];
  const { failed } = await runParts(io, model, {
    inputs: { repeatable: true, each: () => images.values() as Generator<InputImage> },
    output: 'logits',
    batch,
    take: async (_, results) => {
      for (const result of results) if ('row' in result) logits.push(result.row);
    },
  });
  return failed > 0 ? null : logits;
}

/** A column for each precision. */
export function costTable(costs: PrecisionCosts): string {
  const percents = (share: number) => `${(100 * share).toFixed(2)} %`;
  const lines: readonly (readonly [string, (cost: PrecisionCost) => string])[] = [
    ['images', ({ images }) => String(images)],
    ['same class', ({ agreement }) => percents(agreement)],
    ['cosine of logits, mean', ({ meanCosine }) => meanCosine.toFixed(5)],
    ['cosine of logits, least', ({ leastCosine }) => leastCosine.toFixed(5)],
    ['error, root mean square', ({ rmsError }) => `${percents(rmsError)} of the range`],
    ['error, largest', ({ maxError }) => `${percents(maxError)} of the range`],
  ];
  const rows = lines.map(([title, text]) => [title, ...Object.values(costs).map(text)]);
  return table(['beside float32', ...Object.keys(costs)], rows);
}
