import { Option } from 'commander';
import { defined } from '../../core/options.js';
import type { DataSet } from '../../data/index.js';
import { ArgumentError, DataError } from '../../errors.js';
import type { Model } from '../../model/model.js';
import { evaluateModel, readTraining } from '../../trainer/index.js';
import type { DefineCommand } from '../command.js';
import { exitStatus, printable, say, skippedText, writeOut } from '../io.js';
import { addPrecisionOptions, addWeightOptions, loadFromFlags, type ModelFlags } from '../model_options.js';
import { integer } from '../numbers.js';
import { table } from '../table.js';
import { heldOutOf } from '../training/begun.js';
import { addSlimNames, fromSlimNames, number } from '../training/flags.js';
import { labelledImages } from '../training/labelled_images.js';

const examples = `
Examples:
  slimnet eval photos/ --train-dir runs/flowers
  slimnet eval imagenet/ --checkpoint resnet_v1_50.ckpt --part all --json`;

/** Which of the images. */
const parts = ['validation', 'training', 'all'] as const;

interface EvalFlags extends ModelFlags {
  readonly data?: string;
  readonly trainDir?: string;
  readonly labels?: string;
  readonly part: (typeof parts)[number];
  readonly validation?: number;
  readonly split?: string;
  readonly json?: boolean;
}

export const evaluate: DefineCommand = (program, io, finish) => {
  const command = program.command('eval').description('how right a trained network is about labelled images');
  addSlimNames(addPrecisionOptions(addWeightOptions(command)))
    .argument(
      '[data]',
      'a folder with a folder of images for each class, a list (CSV, JSON lines), or TensorFlow record files',
    )
    .option('-c, --checkpoint <path>', 'weights, or a train dir')
    .option('--train-dir <folder>', 'the folder of the training')
    .option('-l, --labels <path>', 'names of the classes (default: those of the training)')
    .addOption(
      new Option('--part <name>', 'which images; where nothing is held out, all').choices(parts).default('validation'),
    )
    .option(
      '--validation <part>',
      'part of each class that was held out (default: that of the training, or 0.1, or what the data holds out)',
      number(0, 0.99),
    )
    .option(
      '--split <word>',
      'record files: the word in the names of those to read (default: train, of which the validation part)',
    )
    .option(
      '--labels-offset <n>',
      'record files: classes in front that are left out (default: 0)',
      integer(0, 1_000_000),
    )
    .option('--json', 'as JSON, with the confusion matrix')
    .addHelpText('after', examples)
    .action(async (path: string | undefined, given: Record<string, unknown>) => {
      const flags = fromSlimNames({ ...given, ...defined({ data: path }) }) as unknown as EvalFlags;
      const checkpoint = flags.checkpoint ?? flags.trainDir;
      if (flags.data === undefined)
        throw new ArgumentError(
          'Expected labelled images: a folder with a folder for each class, a list, or record files.',
        );
      if (checkpoint === undefined)
        throw new ArgumentError('Expected --train-dir or --checkpoint: what is to be evaluated.');
      const all = await labelledImages(flags.data, flags, io.signal, heldOutOf(await readTraining(checkpoint)));
      const model = await loadFromFlags({ ...flags, checkpoint }, io);
      try {
        const data = await inClassesOf(model, partOf(all, flags.part));
        const { mistakes, ...report } = await evaluateModel(model, data, {
          batchSize: flags.batch,
          signal: io.signal,
          onSkip: ({ name, error }) => say(io, printable(`slimnet: left out: ${skippedText(io, name, error)}`)),
        });
        if (flags.json === true) await writeOut(io, `${JSON.stringify(report, null, 2)}\n`);
        else {
          const { perClass, top1, top5, loss, images } = report;
          const rows = perClass.map(({ name, images: n, recall, precision }) => [
            name,
            n,
            recall ?? '',
            precision ?? '',
          ]);
          await writeOut(io, `${table(['class', 'images', 'recall', 'precision'], rows)}\n`);
          await writeOut(
            io,
            `Accuracy ${top1.toFixed(4)}, Recall_5 ${top5.toFixed(4)}, loss ${loss.toFixed(4)} (${images} images)\n`,
          );
        }
        finish(report.skipped > 0 ? exitStatus.failed : exitStatus.ok);
      } finally {
        await model[Symbol.asyncDispose]();
      }
    });
};

function partOf(data: DataSet, part: EvalFlags['part']): DataSet {
  const { validation } = data;
  if (part === 'training' || validation === undefined) return data;
  if (part === 'validation') return validation;
  const from = (index: number) =>
    (index < data.length ? [data, index] : [validation, index - data.length]) as [DataSet, number];
  return {
    length: data.length + validation.length,
    classes: data.classes,
    get: (index) => {
      const [set, i] = from(index);
      return set.get(i);
    },
  };
}

/** The data with its classes in the order of the model's. @throws DataError for a class that the model does not know */
async function inClassesOf({ labels, numClasses, name }: Model, data: DataSet): Promise<DataSet> {
  const { classes } = data;
  if (labels === null || labels.join('\n') === classes.join('\n')) {
    if (classes.length === numClasses) return data;
    throw new DataError(`${name} has ${numClasses} classes, the data ${classes.length}.`, {
      hint: 'name them with --labels.',
    });
  }
  const indices = classes.map((each) => {
    const index = labels.indexOf(each);
    if (index < 0)
      throw new DataError(
        `The model has no class ${JSON.stringify(each)}; its classes are ${labels.slice(0, 10).join(', ')}.`,
      );
    return index;
  });
  return {
    length: data.length,
    classes: labels,
    get: async (index) => {
      const sample = await data.get(index);
      return { ...sample, label: indices[sample.label] as number };
    },
  };
}
