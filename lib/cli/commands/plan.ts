import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { parseJson } from '../../core/json.js';
import { maxNetworkSide } from '../../data/preprocessing.js';
import { ArgumentError, DataError, systemReason } from '../../errors.js';
import { batchSizesUpTo } from '../../model/batch_sizes.js';
import { type MeasuredBatch, mostPerSecond, type Profile, perSecondWithin, simulate } from '../capacity.js';
import type { DefineCommand } from '../command.js';
import { type CliIo, exitStatus, say, writeOut } from '../io.js';
import { addNetworkOptions, addPrecisionOption } from '../model_options.js';
import { type TimingFlags, timeBatches, untrainedModel } from '../network_timing.js';
import { integer, share } from '../numbers.js';
import { table } from '../table.js';

interface Flags extends TimingFlags {
  readonly rps: number;
  readonly p99: number;
  readonly profile?: string;
  readonly batch: number;
  readonly imageMs: number;
  readonly mostBusy: number;
  readonly json?: boolean;
}

interface Named extends Profile {
  /** What was measured, for people. */
  readonly of: string;
}

const iterations = 20;

const examples = `
Examples:
  slimnet plan --rps 2000 --p99 50ms
  slimnet bench --batch 1 2 4 8 16 32 --iterations 50 --json > profile.json
  slimnet plan --rps 2000 --p99 50ms --profile profile.json --image-ms 1.5`;

export const plan: DefineCommand = (program, io, finish) => {
  addPrecisionOption(
    addNetworkOptions(
      program.command('plan').description('how many servers a load needs, by what batches were measured to take'),
    ),
  )
    .requiredOption('--rps <n>', 'images a second, of all servers together', positive)
    .requiredOption('--p99 <time>', 'within which 99 of 100 are answered, such as 50ms or 0.2s', milliseconds)
    .option('--profile <file>', 'what `slimnet bench --json` measured where they will run (default: measured here)')
    .option('-b, --batch <n>', 'images that run at once, at most', integer(1, 1024), 32)
    .option(
      '--size <n>',
      "pixels a side of the network's input; the network's own unless told",
      integer(1, maxNetworkSide),
    )
    .option('--image-ms <n>', 'work of an image besides the network (decoding), in ms, on all cores', notNegative, 0)
    .option('--most-busy <share>', 'part of what a server can compute that is planned with', share, 0.8)
    .option('--json', 'as JSON')
    .addHelpText('after', examples)
    .action(async (flags: Flags) => {
      const profile = flags.profile === undefined ? await measured(flags, io) : await profileFrom(flags.profile, flags);
      const perServer = perSecondWithin(profile, flags.p99, flags.mostBusy);
      if (perServer === 0)
        throw new ArgumentError(
          `--p99 ${flags.p99} ms cannot be kept: an image that comes alone takes ${one(profile)} ms.`,
          { hint: 'take a smaller network, a lower precision, or more cores for each server.' },
        );
      const servers = Math.ceil(flags.rps / perServer);
      const load = simulate(profile, flags.rps / servers);
      if (flags.json === true) {
        const asked = { rps: flags.rps, p99WithinMs: flags.p99, mostBusy: flags.mostBusy };
        const each = { perSecond: flags.rps / servers, mostPerSecond: perServer, ...load };
        await writeOut(io, `${JSON.stringify({ asked, servers: servers, each, profile }, null, 2)}\n`);
      } else {
        say(io, `${profile.of}; at most ${mostPerSecond(profile).toFixed(0)} images/s a server`);
        const rows = [flags.p99 / 2, flags.p99, 2 * flags.p99, 4 * flags.p99].map((limit) => {
          const rate = perSecondWithin(profile, limit, flags.mostBusy);
          if (rate === 0) return [limit, '', 'cannot be kept', '', '', ''];
          const count = Math.ceil(flags.rps / rate);
          const { busy, meanBatch, p50Ms, p99Ms } = simulate(profile, flags.rps / count);
          return [
            limit,
            flags.rps / count,
            count,
            `${(100 * busy).toFixed(0)} %`,
            meanBatch,
            `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)}`,
          ];
        });
        await writeOut(
          io,
          table(['p99 ms within', 'images/s each', 'servers', 'busy', 'mean batch', 'p50 / p99 ms'], rows, 1),
        );
        await writeOut(io, `\n${servers} servers for ${flags.rps} images/s with a p99 of ${flags.p99} ms\n`);
      }
      finish(exitStatus.ok);
    });
};

/** The slower of the runs of one image, to a tenth. */
function one({ batches, imageMs }: Profile): string {
  return ((batches[0]?.maxMs ?? 0) + imageMs).toFixed(1);
}

async function measured(flags: Flags, io: CliIo): Promise<Named> {
  await using model = await untrainedModel(flags);
  const batches = await timeBatches(model, batchSizesUpTo(flags.batch), iterations, io.signal);
  const of = `${flags.model}, ${flags.device}, ${model.precision}, measured here`;
  return { batches, runs: iterations, imageMs: flags.imageMs, of };
}

/** @throws DataError for what is no measurement of `bench` */
async function profileFrom(path: string, { imageMs, batch: most }: Flags): Promise<Named> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DataError(`The profile cannot be read: ${systemReason(cause)}.`, { path, cause });
  });
  const wrong = (what: string) => new DataError(`This is no measurement of slimnet bench --json: ${what}.`, { path });
  const value = parseJson(text, (problem) => wrong(problem)) as Record<string, unknown> | null;
  const { results, iterations: runs, model, device, precision } = value ?? {};
  if (!Array.isArray(results) || results.length === 0 || typeof runs !== 'number') throw wrong('it has no results');
  const batches = (results as MeasuredBatch[]).filter(({ batch }) => batch <= most).sort((a, b) => a.batch - b.batch);
  for (const { batch, medianMs, maxMs } of batches)
    if (![batch, medianMs, maxMs].every((each) => typeof each === 'number' && each > 0))
      throw wrong('a result lacks batch, medianMs or maxMs');
  if (batches[0]?.batch !== 1) throw wrong('batches of one image are missing');
  return { batches, runs, imageMs, of: `${String(model)}, ${String(device)}, ${String(precision)}, of ${path}` };
}

function milliseconds(text: string): number {
  const [, number, unit] = /^(\d*\.?\d+)(ms|s)?$/.exec(text) ?? [];
  const value = Number(number) * (unit === 's' ? 1000 : 1);
  if (number === undefined || value <= 0) throw new InvalidArgumentError('Expected a time such as 50ms or 0.2s.');
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || value <= 0) throw new InvalidArgumentError('Expected a positive number.');
  return value;
}

function notNegative(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text)) throw new InvalidArgumentError('Expected a number that is not negative.');
  return value;
}
