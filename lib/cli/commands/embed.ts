import { ArgumentError } from '../../errors.js';
import type { DefineCommand } from '../command.js';
import { FeatureFile } from '../feature_file.js';
import { expandInputs, type InputImage } from '../inputs.js';
import { type CliIo, exitStatus, say, writeOut } from '../io.js';
import { addModelOptions, addPrecisionOptions, loadFromFlags, type ModelFlags } from '../model_options.js';
import { failureRecord, runModel } from '../model_run.js';

const examples = `
Examples:
  slimnet embed photos/ --checkpoint resnet_v1_50.ckpt --output features.npy
  slimnet embed photo.jpg -c resnet_v1_50.ckpt | head -c 300

In Python: numpy.load('features.npy') gives float32 [images, features]; line i of features.npy.txt names image i.`;

export const embed: DefineCommand = (program, io, finish) => {
  addPrecisionOptions(
    addModelOptions(
      program
        .command('embed')
        .description('globally pooled features of images: JSON lines on standard output, or a .npy file'),
    ),
  )
    .argument('<images...>', 'files, folders, globs, or - for standard input (an image, or paths one a line)')
    .option(
      '-o, --output <file>',
      'a .npy file [images, features] in the order of the images, their names in <file>.txt beside it',
    )
    .addHelpText('after', examples)
    .action(async (images: string[], flags: ModelFlags & { output?: string }) => {
      const { output } = flags;
      if (output !== undefined && !output.endsWith('.npy')) {
        throw new ArgumentError(`--output: expected a name that ends in .npy, received ${output}.`, {
          hint: 'leave it out for JSON lines on standard output.',
        });
      }
      const inputs = await expandInputs(images, io);
      const failed = output === undefined ? await toLines(inputs, flags, io) : await toFile(inputs, flags, io, output);
      finish(failed > 0 ? exitStatus.failed : exitStatus.ok);
    });
};

/** @returns how many images failed */
async function toLines(inputs: readonly InputImage[], flags: ModelFlags, io: CliIo): Promise<number> {
  const write = (record: object) => writeOut(io, `${JSON.stringify(record)}\n`);
  await using model = await loadFromFlags(flags, io);
  return await runModel(io, model, inputs, 'features', {
    row: (row, file) => write({ file, features: Array.from(row) }),
    failure: (file, error) => write(failureRecord(file, error)),
  });
}

/** What there is of the file when the work ends early stays, and is told. @returns how many images failed */
async function toFile(inputs: readonly InputImage[], flags: ModelFlags, io: CliIo, output: string): Promise<number> {
  const file = await FeatureFile.begin(output);
  try {
    await using model = await loadFromFlags(flags, io);
    return await runModel(io, model, inputs, 'features', { row: (row, name) => file.add(row, name) });
  } finally {
    await file.close().finally(() => {
      const [rows, width] = file.shape;
      if (rows > 0) say(io, `${output}: ${rows} x ${width} float32`);
    });
  }
}
