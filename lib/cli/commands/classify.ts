import { Option } from 'commander';
import type { Prediction } from '../../model/predictions.js';
import type { DefineCommand } from '../command.js';
import { expandInputs } from '../inputs.js';
import { type CliIo, exitStatus, printable, writeEnd, writeOut } from '../io.js';
import { addModelOptions, addPrecisionOptions, loadFromFlags, type ModelFlags } from '../model_options.js';
import { type Failure, failureRecord, runModel } from '../model_run.js';
import { integer } from '../numbers.js';
import { csvLine, predictionTable } from '../table.js';

interface Result {
  readonly file: string;
  readonly predictions: readonly Prediction[];
}

/** Writes results as they come, and what closes the output at the end. */
interface Writer {
  write(result: Result): Promise<void>;
  fail(failure: Failure): Promise<void>;
  end(): Promise<void>;
}

/** One line for each format. */
const formats: Readonly<Record<string, (io: CliIo) => Writer>> = {
  table: tableWriter,
  json: jsonWriter,
  jsonl: jsonLinesWriter,
  csv: csvWriter,
};

const examples = `
Examples:
  slimnet classify photo.jpg --checkpoint resnet_v1_50.ckpt --labels labels.txt
  slimnet classify photos/ 'more/*.png' -c resnet_v1_50.ckpt -k 1 --format csv > results.csv
  find photos -newer last_run -name '*.jpg' | slimnet classify - -c resnet_v1_50.ckpt --format jsonl`;

export const classify: DefineCommand = (program, io, finish) => {
  addPrecisionOptions(addModelOptions(program.command('classify').description('the most probable classes of images')))
    .argument('<images...>', 'files, folders, globs, or - for standard input (an image, or paths one a line)')
    .option(
      '-l, --labels <path>',
      'names of the classes (docs/labels.md): a name a line, with or without indices, JSON, or a dictionary of Python',
    )
    .option('-k, --top-k <n>', 'classes an image', integer(1, 1_000_000), 5)
    .addOption(new Option('-f, --format <format>', 'of the results').choices(Object.keys(formats)).default('table'))
    .addHelpText('after', examples)
    .action(async (images: string[], flags: ModelFlags & { topK: number; format: string }) => {
      const inputs = await expandInputs(images, io);
      const model = await loadFromFlags(flags, io);
      try {
        model.assertOutput('predictions');
        const writer = (formats[flags.format] as (io: CliIo) => Writer)(io);
        const topK = Math.min(flags.topK, model.numClasses);
        // What was written before an interruption is closed as well.
        const failed = await runModel(io, model, inputs, 'predictions', {
          row: (row, file) => writer.write({ file, predictions: model.top(row, topK) }),
          failure: (file, error) => writer.fail(failureRecord(file, error)),
        }).finally(() => writer.end());
        finish(failed > 0 ? exitStatus.failed : exitStatus.ok);
      } finally {
        await model[Symbol.asyncDispose]();
      }
    });
};

function tableWriter(io: CliIo): Writer {
  return {
    write: ({ file, predictions }) => writeOut(io, `${printable(file)}\n${predictionTable(predictions)}\n`),
    // The message on standard error is for the same reader.
    fail: async () => {},
    end: async () => {},
  };
}

function jsonLinesWriter(io: CliIo): Writer {
  const write = (record: Result | Failure) => writeOut(io, `${JSON.stringify(record)}\n`);
  return { write, fail: write, end: async () => {} };
}

function jsonWriter(io: CliIo): Writer {
  let written = 0;
  // One after the other: what a record begins with depends on those that were written.
  let last = Promise.resolve();
  const write = (record: Result | Failure) => {
    last = last.then(async () => {
      await writeOut(io, `${written === 0 ? '[\n' : ',\n'}  ${JSON.stringify(record)}`);
      written++;
    });
    return last;
  };
  return {
    write,
    fail: write,
    end: async () => {
      await last.catch(() => {});
      await writeEnd(io, written, (results) => (results === 0 ? '[]\n' : '\n]\n'));
    },
  };
}

function csvWriter(io: CliIo): Writer {
  let started = false;
  const header = () => {
    const line = started ? '' : csvLine(['file', 'rank', 'class', 'label', 'probability', 'error']);
    started = true;
    return line;
  };
  return {
    write: ({ file, predictions }) =>
      writeOut(
        io,
        header() +
          predictions.map((p, rank) => csvLine([file, rank + 1, p.index, p.label, p.probability, ''])).join(''),
      ),
    fail: ({ file, error }) => writeOut(io, header() + csvLine([file, '', '', '', '', error.message])),
    end: async () => {
      if (!started) await writeOut(io, header());
    },
  };
}
