import { runBatch } from '../batch/batch.js';
import { features } from '../batch/contents.js';
import { addBatchOptions, type BatchFlags } from '../batch/options.js';
import type { DefineCommand } from '../command.js';
import { addModelOptions, addPrecisionOptions, type GivenModelFlags, withCheckpoint } from '../model_options.js';

const examples = `
Examples:
  slimnet embed photos/ --checkpoint resnet_v1_50.ckpt --output features.npy
  slimnet embed photo.jpg -c resnet_v1_50.ckpt | head -c 300
  slimnet embed 'shards/*.tar' -c resnet_v1_50.ckpt -o features.parquet --resume

In Python: numpy.load('features.npy') gives float32 [images, features]; line i of features.npy.txt names image i.`;

export const embed: DefineCommand = (program, io, finish) => {
  const command = addBatchOptions(program.command('embed').description('globally pooled features of images'), [
    'jsonl',
    'csv',
  ]);
  addPrecisionOptions(addModelOptions(command))
    .addHelpText('after', examples)
    .action(async (images: string[], given: GivenModelFlags & BatchFlags) => {
      const flags = await withCheckpoint(given, io);
      finish(await runBatch(io, { command: 'embed', images, flags, content: features }));
    });
};
