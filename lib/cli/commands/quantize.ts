import { InvalidArgumentError, Option } from 'commander';
import { ArgumentError } from '../../errors.js';
import { compareLogits, type LogitComparison } from '../../model/accuracy.js';
import { concatenate } from '../../model/batch_input.js';
import { calibrationFile, loadModel } from '../../model/load_model.js';
import type { Model } from '../../model/model.js';
import { type Calibration, saveCalibration } from '../../runtime/calibration.js';
import { devices } from '../../runtime/device.js';
import { type CalibrationMethod, calibrationMethods } from '../../runtime/thresholds.js';
import type { DefineCommand } from '../command.js';
import { expandInputs, type InputImage } from '../inputs.js';
import { type CliIo, exitStatus, say, writeOut } from '../io.js';
import { addModelOptions, integer, type ModelFlags, modelOptions } from '../model_options.js';
import { runModel } from '../model_run.js';
import { table } from '../table.js';

interface Flags extends ModelFlags {
  readonly method: CalibrationMethod;
  readonly percentile: number;
  readonly wide?: readonly string[];
  readonly limit: number;
  readonly output?: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  slimnet quantize photos/ --checkpoint resnet_v1_50.ckpt
  slimnet quantize photos/ -c resnet_v1_50.ckpt --method percentile --wide resnet_v1_50/logits

Two thirds of the images give the ranges, the others show what int8 costs: how often both precisions agree on the class, and
how far the logits are apart. Then slimnet classify --precision int8 finds the file by itself.`;

export const quantize: DefineCommand = (program, io, finish) => {
  addModelOptions(
    program
      .command('quantize')
      .description('finds the ranges of all values with images, for int8, and reports what it costs'),
  )
    .argument('<images...>', 'files, folders or globs of typical images, a hundred or more')
    .addOption(new Option('--method <name>', 'how ranges are chosen').choices(calibrationMethods).default('entropy'))
    .option('--percentile <p>', 'magnitudes that the method percentile keeps, in percent', percent, 99.99)
    .option('--wide <scope...>', 'nodes and scopes that stay in float32')
    .option('--limit <n>', 'images that are looked at, at most', integer(2, 1_000_000), 768)
    .option('-o, --output <file>', 'the calibration (default: <checkpoint>.calibration.json)')
    .option('--json', 'the report as JSON')
    .addHelpText('after', examples)
    .action(async (paths: string[], flags: Flags) => {
      const images = (await expandInputs(paths, io)).slice(0, flags.limit);
      if (images.length < 2)
        throw new ArgumentError(`Expected at least two images, received ${images.length}.`, {
          hint: 'some are to calibrate with, the others to see what it costs.',
        });
      const output = flags.output ?? calibrationFile(flags.checkpoint);
      // Every third image is for the report, so that both parts hold images of all folders.
      const test = images.filter((_, i) => i % 3 === 2 || (images.length === 2 && i === 1));
      const training = images.filter((image) => !test.includes(image));
      const wide = await loadModel(flags.model, { ...modelOptions(flags), precision: 'float32' });
      try {
        say(io, `slimnet: calibrating with ${training.length} images (${flags.method})`);
        const { method, percentile, wide: scopes = [] } = flags;
        const calibration = await wide.calibrate(
          training.map(({ source }) => source),
          { method, percentile, wide: scopes, signal: io.signal },
        );
        await saveCalibration(output, calibration);
        say(io, `${output}: ${Object.keys(calibration.ranges).length} ranges`);
        finish(await report(io, flags, wide, calibration, test));
      } finally {
        await wide[Symbol.asyncDispose]();
      }
    });
};

/** Compares int8 with float32 on some images. @returns the exit status */
async function report(
  io: CliIo,
  flags: Flags,
  wide: Model,
  calibration: Calibration,
  images: readonly InputImage[],
): Promise<number> {
  const refusal = devices().find(({ name }) => name === flags.device)?.precisions.int8;
  if (refusal !== undefined && refusal !== '') {
    say(io, `slimnet: int8 cannot be had here, so there is no report of what it costs: ${refusal}.`);
    return exitStatus.ok;
  }
  const expected = await logitsOf(io, wide, images);
  const narrow = await loadModel(flags.model, { ...modelOptions(flags), precision: 'int8', calibration });
  try {
    const actual = await logitsOf(io, narrow, images);
    if (expected.failed > 0 || actual.failed > 0) return exitStatus.failed;
    const comparison = compareLogits(rows(actual.logits), rows(expected.logits));
    if (flags.json === true) await writeOut(io, `${JSON.stringify(comparison, null, 2)}\n`);
    else await writeOut(io, table(['int8 against float32', ''], described(comparison), 1));
    return exitStatus.ok;
  } finally {
    await narrow[Symbol.asyncDispose]();
  }
}

async function logitsOf(
  io: CliIo,
  model: Model,
  images: readonly InputImage[],
): Promise<{ readonly logits: readonly Float32Array[]; readonly failed: number }> {
  const logits: Float32Array[] = [];
  const failed = await runModel(io, model, images, 'logits', async (row) => void logits.push(row));
  return { logits, failed };
}

function rows(logits: readonly Float32Array[]): { readonly shape: readonly number[]; readonly data: Float32Array } {
  return { shape: [logits.length, logits[0]?.length ?? 0], data: concatenate(logits) };
}

function described(comparison: LogitComparison): string[][] {
  const percents = (share: number) => `${(100 * share).toFixed(2)} %`;
  return [
    ['images', String(comparison.images)],
    ['same class', percents(comparison.agreement)],
    ['cosine of logits, mean', comparison.meanCosine.toFixed(5)],
    ['cosine of logits, least', comparison.leastCosine.toFixed(5)],
    ['error, root mean square', `${percents(comparison.rmsError)} of the range`],
    ['error, largest', `${percents(comparison.maxError)} of the range`],
  ];
}

function percent(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 100)) throw new InvalidArgumentError('Expected a number above 0, at most 100.');
  return value;
}
