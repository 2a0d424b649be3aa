import { writeFileAtomically } from '../../checkpoint/index.js';
import { ArgumentError } from '../../errors.js';
import { concatenate } from '../../model/concatenate.js';
import type { DefineCommand } from '../command.js';
import { expandInputs } from '../inputs.js';
import { exitStatus, say, writeOut } from '../io.js';
import { addModelOptions, addPrecisionOptions, loadFromFlags, type ModelFlags } from '../model_options.js';
import { failureRecord, runModel } from '../model_run.js';
import { npyBytes } from '../npy.js';

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
      const model = await loadFromFlags(flags, io);
      try {
        const rows: Float32Array[] = [];
        const names: string[] = [];
        const write = (record: object) => writeOut(io, `${JSON.stringify(record)}\n`);
        const failed = await runModel(io, model, inputs, 'features', {
          row: async (row, file) => {
            if (output === undefined) return write({ file, features: Array.from(row) });
            rows.push(row);
            names.push(file);
          },
          ...(output === undefined ? { failure: (file, error) => write(failureRecord(file, error)) } : {}),
        });
        if (output !== undefined && rows.length > 0) {
          const width = (rows[0] as Float32Array).length;
          await writeFileAtomically(output, npyBytes(concatenate(rows), [rows.length, width]));
          await writeFileAtomically(
            `${output}.txt`,
            Buffer.from(names.map((name) => `${name.replaceAll(/[\r\n]/g, '\ufffd')}\n`).join('')),
          );
          say(io, `${output}: ${rows.length} x ${width} float32`);
        }
        finish(failed > 0 ? exitStatus.failed : exitStatus.ok);
      } finally {
        await model[Symbol.asyncDispose]();
      }
    });
};
