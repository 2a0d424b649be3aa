import { type Command, Option } from 'commander';
import { maxNetworkSide } from '../../data/preprocessing.js';
import type { DefineCommand } from '../command.js';
import { exitStatus, say, writeOut } from '../io.js';
import { sayDefects } from '../kernel_text.js';
import { addNetworkOptions, addPrecisionOption } from '../model_options.js';
import { type TimingFlags, timeBatches, untrainedModel, warmUps } from '../network_timing.js';
import { integer } from '../numbers.js';
import { type PictureTiming, pictureSize, timePictures } from '../picture_timing.js';
import { benchReport } from '../reports/bench_report.js';
import { assertPagePlace, writeReport } from '../reports/write_page.js';
import { table } from '../table.js';

interface Flags extends TimingFlags {
  readonly batch?: readonly number[];
  readonly iterations: number;
  readonly from: 'tensor' | 'jpeg';
  readonly json?: boolean;
  readonly report?: string;
}

const examples = `
Examples:
  slimnet bench
  slimnet bench --model resnet_v2_50 --size 224
  slimnet bench --from jpeg
  slimnet bench --model resnet_v1_101 --batch 1 16 --iterations 50 --threads 2 --json`;

export const bench: DefineCommand = (program, io, finish) => {
  batchOption(
    addPrecisionOption(
      addNetworkOptions(
        program
          .command('bench')
          .description('images/s and latency of a network with fresh weights, from pixels in memory to logits'),
      ),
    ),
  )
    .option(
      '--size <n>',
      "pixels a side of the network's input; the network's own unless told",
      integer(1, maxNetworkSide),
    )
    .option('-n, --iterations <n>', 'counted runs of each batch size', integer(1, 100_000), 10)
    .addOption(
      new Option(
        '--from <what>',
        'jpeg: also from the bytes of JPEG files to classes, and what of that is not the network',
      )
        .choices(['tensor', 'jpeg'])
        .default('tensor'),
    )
    .option('--json', 'as JSON')
    .option('--report <file>', 'also a page with the figures')
    .addHelpText('after', examples)
    .action(async (flags: Flags) => {
      if (flags.report !== undefined) await assertPagePlace(flags.report);
      const batches = flags.batch ?? [1, 8, 32];
      const model = await untrainedModel(flags);
      try {
        const { height, width } = model.preprocessing;
        const rows = await timeBatches(model, batches, flags.iterations, io.signal);
        const fastest = Math.min(...rows.map(({ medianMs, batch }) => medianMs / batch));
        const pictures = flags.from === 'jpeg' ? await timePictures(model, flags.iterations, fastest, io.signal) : null;
        const { kernels, defects } = model.stats();
        sayDefects(io, defects);
        if (flags.json === true) {
          const { model: name, device, iterations } = flags;
          const facts = {
            model: name,
            size: height,
            device,
            precision: model.precision,
            iterations,
            results: rows,
            ...(pictures === null ? {} : { pictures }),
            kernels,
            defects,
          };
          await writeOut(io, `${JSON.stringify(facts, null, 2)}\n`);
        } else {
          say(
            io,
            `${flags.model}, ${height} x ${width} pixels, ${flags.device}, ${model.precision}, ${flags.iterations} runs of each batch size after ${warmUps} to warm up; images/s by the median`,
          );
          await writeOut(
            io,
            table(
              ['batch', 'images/s', 'median ms', 'min ms', 'max ms'],
              rows.map((row) => Object.values(row)),
              2,
            ),
          );
          if (pictures !== null) await writeOut(io, pictureText(pictures));
        }
        if (flags.report !== undefined)
          await writeReport(io, flags.report, benchReport(model, flags.device, flags.iterations, rows));
        finish(exitStatus.ok);
      } finally {
        await model[Symbol.asyncDispose]();
      }
    });
};

function pictureText({ imagesPerSecond, millisecondsPerImage, networkMs, notNetwork }: PictureTiming): string {
  const { width, height } = pictureSize;
  return (
    `JPEG files of ${width} x ${height} to classes: ${imagesPerSecond.toFixed(2)} images/s, ${millisecondsPerImage.toFixed(2)} ms each; ` +
    `the network alone ${networkMs.toFixed(2)} ms; not the network: ${(100 * notNetwork).toFixed(0)} %\n`
  );
}

function batchOption(command: Command): Command {
  const parse = integer(1, 1024);
  return command.option(
    '-b, --batch <n...>',
    'batch sizes (default: 1 8 32)',
    (text, previous: number[] | undefined) => [...(previous ?? []), parse(text)],
  );
}
