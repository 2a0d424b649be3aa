import { existsSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import { assertPlace } from '../../checkpoint/files/atomic_write.js';
import { type LowPrecision, lowPrecisions } from '../../core/precision.js';
import { ArgumentError } from '../../errors.js';
import { calibrationFile, loadModel } from '../../model/load_model.js';
import type { Model } from '../../model/model.js';
import {
  type Calibration,
  hasRanges,
  loadCalibration,
  saveCalibration,
  withoutRanges,
} from '../../runtime/precision/calibration.js';
import {
  defaultMinAgreement,
  deviceNamed,
  fastest,
  type ModelAccuracy,
  resolvePrecision,
} from '../../runtime/precision/device.js';
import type { PrecisionCosts } from '../../runtime/precision/precision_report.js';
import { type CalibrationMethod, calibrationMethods } from '../../runtime/precision/thresholds.js';
import type { DefineCommand } from '../command.js';
import { expandInputs, type InputImage, sourceOf } from '../inputs/inputs.js';
import { type CliIo, exitStatus, say, writeOut } from '../io.js';
import {
  addModelOptions,
  type ModelFlags,
  modelOptions,
  type SourceFlags,
  sayNetwork,
  sayWeights,
  withCheckpoint,
} from '../model_options.js';
import { integer } from '../numbers.js';
import { asOutput } from '../output_error.js';
import { costTable, measureCosts } from '../precision_costs.js';
import { quantizeReport } from '../reports/quantize_report.js';
import { assertPagePlace, writeReport } from '../reports/write_page.js';

interface Flags extends ModelFlags {
  readonly precision: LowPrecision;
  readonly method: CalibrationMethod;
  readonly percentile: number;
  readonly keepFloat32?: readonly string[];
  readonly limit: number;
  readonly output?: string;
  readonly json?: boolean;
  readonly report?: string;
}

const otherPlace = 'name another file: --output.';

const examples = `
Examples:
  slimnet quantize photos/ --checkpoint resnet_v1_50.ckpt
  slimnet quantize photos/ -c resnet_v1_50.ckpt --method percentile --keep-float32 resnet_v1_50/logits
  slimnet quantize photos/ -c resnet_v1_50.ckpt --precision bfloat16

Two thirds of the images give the ranges, the others show what int8 costs, and bfloat16 where there is such a thing: how often
float32 agrees on the class, and how far the logits are apart. Both are kept in the file, which slimnet classify finds by itself.
With --precision bfloat16 no ranges are looked for: all images show what bfloat16 costs.`;

export const quantize: DefineCommand = (program, io, finish) => {
  addModelOptions(
    program
      .command('quantize')
      .description('finds the ranges of all values with images, for int8, and reports what it costs'),
  )
    .argument('<images...>', 'files, folders or globs of typical images, a hundred or more')
    .addOption(
      new Option('--precision <name>', 'int8: ranges and costs; bfloat16: only what it costs')
        .choices(lowPrecisions)
        .default('int8'),
    )
    .addOption(new Option('--method <name>', 'how ranges are chosen').choices(calibrationMethods).default('entropy'))
    .option('--percentile <p>', 'magnitudes that the method percentile keeps, in percent', percent, 99.99)
    .option('--keep-float32 <scope...>', 'nodes and scopes that stay in float32')
    .option('--limit <n>', 'images that are looked at, at most', integer(2, 1_000_000), 768)
    .option('-o, --output <file>', 'the calibration (default: <checkpoint>.calibration.json)')
    .option('--json', 'the report as JSON')
    .option('--report <file>', 'also a page: what low precisions cost, and the ranges')
    .addHelpText('after', examples)
    .action(async (paths: string[], given: Omit<Flags, 'checkpoint'> & SourceFlags) => {
      const flags = await withCheckpoint(given, io);
      const images = (await expandInputs(paths, io)).slice(0, flags.limit);
      for (const { problem } of images) if (problem !== undefined) throw problem;
      if (flags.precision === 'int8' && images.length < 2)
        throw new ArgumentError(`Expected at least two images, received ${images.length}.`, {
          hint: 'some are to calibrate with, the others to see what it costs.',
        });
      // Refused at once where it cannot be had.
      if (flags.precision !== 'int8')
        resolvePrecision(deviceNamed(flags.device), flags.precision, accuracyOf(withoutRanges([])));
      const output = flags.output ?? calibrationFile(flags.checkpoint);
      const work = flags.precision === 'int8' ? quantized : measured;
      const reference = await loadModel(flags.model ?? 'auto', { ...modelOptions(flags), precision: 'float32' });
      try {
        await asOutput(() => assertPlace(output), otherPlace);
        if (flags.report !== undefined) await assertPagePlace(flags.report);
        sayNetwork(io, flags, reference);
        sayWeights(io, reference.weights);
        reference.assertOutput('logits');
        finish((await work(io, flags, reference, images, output)) ? exitStatus.ok : exitStatus.failed);
      } finally {
        await reference[Symbol.asyncDispose]();
      }
    });
};

/** Ranges, and what every low precision costs. @returns whether all images could be read */
async function quantized(
  io: CliIo,
  flags: Flags,
  model: Model,
  images: readonly InputImage[],
  output: string,
): Promise<boolean> {
  // Every third image is for the report, so that both parts hold images of all folders.
  const test = images.filter((_, i) => i % 3 === 2 || (images.length === 2 && i === 1));
  const training = images.filter((image) => !test.includes(image));
  const { method, percentile, keepFloat32 = [] } = flags;
  say(io, `slimnet: calibrating with ${training.length} images (${method})`);
  const calibration = await model.calibrate(await Promise.all(training.map(sourceOf)), {
    method,
    percentile,
    keepFloat32,
    signal: io.signal,
  });
  await asOutput(() => saveCalibration(output, calibration), otherPlace);
  say(io, `${output}: ${Object.keys(calibration.ranges).length} ranges`);
  const refused = deviceNamed(flags.device).precisions;
  const precisions = lowPrecisions.filter((precision) => refused[precision] === '');
  for (const precision of lowPrecisions) {
    if (precisions.includes(precision)) continue;
    say(io, `slimnet: ${precision} cannot be had here, so there is no report of what it costs: ${refused[precision]}.`);
  }
  if (precisions.length > 0) return report(io, flags, model, calibration, precisions, test, output);
  await page(io, flags, model, calibration, {}, output);
  return true;
}

/** What bfloat16 costs; ranges and other costs that the file has stay in it, unless other scopes are to stay in float32. */
async function measured(
  io: CliIo,
  flags: Flags,
  model: Model,
  images: readonly InputImage[],
  output: string,
): Promise<boolean> {
  const known = existsSync(output) ? await loadCalibration(output) : withoutRanges([]);
  const { costs, ...rest } = known;
  const calibration = flags.keepFloat32 === undefined ? known : { ...rest, keepFloat32: flags.keepFloat32 };
  return report(io, flags, model, calibration, [flags.precision], images, output);
}

/** Measures costs, adds them to the file, and prints them. @returns whether all images could be read */
async function report(
  io: CliIo,
  flags: Flags,
  reference: Model,
  calibration: Calibration,
  precisions: readonly LowPrecision[],
  images: readonly InputImage[],
  output: string,
): Promise<boolean> {
  const costs = await measureCosts(io, flags, reference, calibration, precisions, images);
  if (costs === null) return false;
  const costed = { ...calibration, costs: { ...calibration.costs, ...costs } };
  await asOutput(() => saveCalibration(output, costed), otherPlace);
  say(io, `${output}: what ${precisions.join(' and ')} cost${precisions.length === 1 ? 's' : ''}`);
  await writeOut(io, flags.json === true ? `${JSON.stringify(costs, null, 2)}\n` : costTable(costs));
  const { chosen, why } = await page(io, flags, reference, costed, costs, output);
  say(io, `slimnet: with this, --precision auto is ${chosen} (${why})`);
  return true;
}

/** Writes the page where one is wanted. @returns what `auto` comes to */
async function page(
  io: CliIo,
  flags: Flags,
  model: Model,
  calibration: Calibration,
  costs: PrecisionCosts,
  file: string,
): Promise<{ readonly chosen: string; readonly why: string }> {
  const { chosen, why } = fastest(deviceNamed(flags.device), accuracyOf(calibration));
  if (flags.report !== undefined)
    await writeReport(io, flags.report, quantizeReport({ model, calibration, costs, chosen, why, file }));
  return { chosen, why };
}

/** What decides about the precision of a model with this calibration. */
function accuracyOf(calibration: Calibration): ModelAccuracy {
  return { calibrated: hasRanges(calibration), costs: calibration.costs ?? {}, minAgreement: defaultMinAgreement };
}

function percent(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || !(value > 0 && value <= 100))
    throw new InvalidArgumentError('Expected a number above 0, at most 100.');
  return value;
}
