import { runBatch } from '../batch/batch.js';
import { classes } from '../batch/contents.js';
import { addBatchOptions, type BatchFlags } from '../batch/options.js';
import type { DefineCommand } from '../command.js';
import { addModelOptions, addPrecisionOptions, type GivenModelFlags, withCheckpoint } from '../model_options.js';
import { integer } from '../numbers.js';
import { ClassifyReport } from '../reports/classify_report.js';

const examples = `
Examples:
  slimnet classify photo.jpg --checkpoint resnet_v1_50.ckpt --labels labels.txt
  slimnet classify photos/ 'more/*.png' -c resnet_v1_50.ckpt -k 1 --output results.csv
  find photos -newer last_run -name '*.jpg' | slimnet classify - -c resnet_v1_50.ckpt --format jsonl
  slimnet classify --from-file images.txt -c resnet_v1_50.ckpt -o results.jsonl --rejects bad.jsonl --resume`;

export const classify: DefineCommand = (program, io, finish) => {
  const command = addBatchOptions(program.command('classify').description('the most probable classes of images'), [
    'table',
    'json',
    'jsonl',
    'csv',
  ]);
  addPrecisionOptions(addModelOptions(command))
    .option(
      '-l, --labels <path>',
      'names of the classes (docs/labels.md): imagenet, or a file: a name a line, with or without indices, JSON, or a dictionary of Python',
    )
    .option('-k, --top-k <n>', 'classes an image', integer(1, 1_000_000), 5)
    .option('--report <file>', 'also a page: classes, the least sure images, pictures with their answers')
    .addHelpText('after', examples)
    .action(async (images: string[], given: GivenModelFlags & BatchFlags & { topK: number; report?: string }) => {
      const flags = await withCheckpoint(given, io);
      finish(
        await runBatch(io, {
          command: 'classify',
          images,
          flags,
          ...(flags.report === undefined
            ? {}
            : { report: { path: flags.report, begin: (model) => new ClassifyReport(model) } }),
          content: (model) => classes(model, Math.min(flags.topK, model.numClasses)),
        }),
      );
    });
};
