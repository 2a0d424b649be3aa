import type { Command } from 'commander';
import { defined } from '../../core/options.js';
import { maxNetworkSide } from '../../data/preprocessing.js';
import type { RawImage } from '../../data/raw_image.js';
import { type LoadModelOptions, loadModel } from '../../model/load_model.js';
import type { Model } from '../../model/model.js';
import type { NetworkName } from '../../slim/nets/registry.js';
import type { DefineCommand } from '../command.js';
import { exitStatus, say, writeOut } from '../io.js';
import { sayDefects } from '../kernel_text.js';
import { addNetworkOptions, addPrecisionOption, type EngineFlags, engineOptions } from '../model_options.js';
import { integer } from '../numbers.js';
import { table } from '../table.js';

interface Flags extends EngineFlags {
  readonly model: NetworkName;
  readonly batch?: readonly number[];
  readonly iterations: number;
  readonly size?: number;
  readonly json?: boolean;
}

const warmUps = 2;

const examples = `
Examples:
  slimnet bench
  slimnet bench --model resnet_v2_50 --size 224
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
    .option('--json', 'as JSON')
    .addHelpText('after', examples)
    .action(async (flags: Flags) => {
      const batches = flags.batch ?? [1, 8, 32];
      const model = await untrained(flags);
      try {
        const { height, width } = model.preprocessing;
        const image: RawImage = { data: new Uint8Array(height * width * 3).fill(127), height, width, channels: 3 };
        const one = await model.preprocess([image]);
        const rows = [];
        for (const batch of batches) {
          const pixels = new Float32Array(batch * one.length);
          for (let i = 0; i < batch; i++) pixels.set(one, i * one.length);
          const times = await measure(flags.iterations, () => model.run(pixels, { signal: io.signal }));
          const median = times[times.length >> 1] as number;
          rows.push({
            batch,
            imagesPerSecond: (batch * 1000) / median,
            medianMs: median,
            minMs: times[0] as number,
            maxMs: times[times.length - 1] as number,
          });
        }
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
        }
        finish(exitStatus.ok);
      } finally {
        await model[Symbol.asyncDispose]();
      }
    });
};

/** A model with fresh weights; for int8, its ranges are found with noise. */
async function untrained(flags: Flags): Promise<Model> {
  const load = (more: Partial<LoadModelOptions>) =>
    loadModel(flags.model, {
      ...engineOptions(flags),
      ...defined({ imageSize: flags.size }),
      untrainedSeed: 1,
      ...more,
    });
  if (flags.precision !== 'int8') return load({});
  await using wide = await load({ precision: 'float32' });
  const { height, width } = wide.preprocessing;
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 24) & 255);
  const calibration = await wide.calibrate([{ data, height, width, channels: 3 }], { method: 'minmax' });
  return load({ calibration });
}

function batchOption(command: Command): Command {
  const parse = integer(1, 1024);
  return command.option(
    '-b, --batch <n...>',
    'batch sizes (default: 1 8 32)',
    (text, previous: number[] | undefined) => [...(previous ?? []), parse(text)],
  );
}

/** Wall-clock milliseconds of each run, ascending, after runs that are not counted. */
async function measure(iterations: number, run: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = -warmUps; i < iterations; i++) {
    const start = performance.now();
    await run();
    if (i >= 0) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}
