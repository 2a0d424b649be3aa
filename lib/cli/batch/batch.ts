/** Commands that go through images, however many, and write down what a network makes of each. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { assertPlace } from '../../checkpoint/files/atomic_write.js';
import type { Precision } from '../../core/precision.js';
import { ArgumentError, DataError } from '../../errors.js';
import type { Model } from '../../model/model.js';
import { type Inputs, openInputs } from '../inputs/inputs.js';
import { type CliIo, exitStatus, printable, say } from '../io.js';
import { loadFromFlags, type ModelFlags } from '../model_options.js';
import { asOutput } from '../output_error.js';
import { assertPagePlace, writeReport } from '../reports/write_page.js';
import { type Content, isFailure, type Result } from './contents.js';
import { fileFormats } from './formats/index.js';
import { journalHead, journalOf, type Settings } from './journal.js';
import { type BatchFlags, checkedOutput, shardOfFlags } from './options.js';
import type { Part } from './parts.js';
import { printers } from './printing.js';
import { probe, sameArithmetic } from './probe.js';
import { type ResultFile, ResultFiles } from './result_files.js';
import { runParts } from './run_parts.js';
import type { Shard } from './shard.js';

export interface Batch<F extends ModelFlags & BatchFlags> {
  readonly command: string;
  readonly images: readonly string[];
  readonly flags: F;
  /** What the command says of images. @throws CheckpointError where the weights cannot say it */
  readonly content: (model: Model) => Content;
  /** What else is to see the results, and a page that is made of them at the end. */
  readonly report?: { readonly path: string; readonly begin: (model: Model) => BatchReport };
}

/** Sees results as they come, part by part and in their order. */
export interface BatchReport {
  take(part: Part, results: readonly Result[]): Promise<void>;
  html(): string;
}

/** @returns the exit status */
export async function runBatch<F extends ModelFlags & BatchFlags>(io: CliIo, batch: Batch<F>): Promise<number> {
  const { flags, images } = batch;
  const output = checkedOutput(flags);
  const shard = shardOfFlags(flags);
  if (batch.report !== undefined) {
    if (flags.resume === true)
      throw new ArgumentError('--report does not go with --resume: what was done before would not be in it.');
    await assertPagePlace(batch.report.path);
  }
  const inputs = await openInputs(images, flags.fromFile, io);
  const failed =
    output === null ? await print(io, batch, inputs, shard) : await write(io, batch, inputs, shard, output);
  // So many were said to be all right.
  return failed > (flags.maxErrors ?? 0) ? exitStatus.failed : exitStatus.ok;
}

/** Results on standard output. @returns how many images failed */
async function print<F extends ModelFlags & BatchFlags>(
  io: CliIo,
  { flags, content: contentOf, report }: Batch<F>,
  inputs: Inputs,
  shard: Shard,
): Promise<number> {
  await using model = await loadFromFlags(flags, io);
  const content = contentOf(model);
  const seen = report?.begin(model);
  const printer = (printers[flags.format] as (typeof printers)[string])(io, { content, failures: true });
  // What was written before an interruption is closed as well.
  const { failed } = await runParts(io, model, {
    inputs,
    output: content.output,
    batch: flags.batch,
    shard,
    maxErrors: flags.maxErrors,
    take: async (part, results) => {
      await printer.write(results);
      await seen?.take(part, results);
    },
  }).finally(() => printer.end());
  if (report !== undefined && seen !== undefined) await writeReport(io, report.path, seen.html());
  return failed;
}

/** Results in files. @returns how many images failed */
async function write<F extends ModelFlags & BatchFlags>(
  io: CliIo,
  { command, flags, content: contentOf, report }: Batch<F>,
  inputs: Inputs,
  shard: Shard,
  { path, format }: { readonly path: string; readonly format: string },
): Promise<number> {
  if (flags.rejects !== undefined && resolve(flags.rejects) === resolve(path))
    throw new ArgumentError('--rejects and --output name the same file.');
  for (const place of [path, ...(flags.rejects === undefined ? [] : [flags.rejects])])
    await asOutput(() => assertPlace(place));
  const begun = flags.resume === true ? await journalHead(journalOf(path)) : null;
  // What auto comes to is a matter of this machine and its libraries: it stays what it was.
  const precision = (flags.precision === 'auto' && begun?.settings.precision) || flags.precision;
  await using model = await loadFromFlags({ ...flags, precision: precision as Precision }, io);
  const content = contentOf(model);
  const seen = report?.begin(model);
  const encoding = (fileFormats[format] as (typeof fileFormats)[string])(content, flags.rejects === undefined);
  const head = {
    settings: settingsOf(command, format, flags, model, content),
    shard,
    width: content.width,
    probe: await probe(model, content.output, io.signal),
  };
  const own = encoding.files.map(({ suffix, head: bytes }): ResultFile => ({ path: `${path}${suffix}`, head: bytes }));
  const rejects = flags.rejects === undefined ? [] : [{ path: flags.rejects, head: new Uint8Array() }];
  const files = await ResultFiles.open({
    files: [...own, ...rejects],
    ending: encoding.ending,
    head,
    begun: flags.resume === true ? 'resume' : 'refuse',
    keep: flags.resume === true || flags.shard !== undefined,
  });
  try {
    if (begun !== null && !sameArithmetic(path, begun.probe, head.probe))
      say(
        io,
        'slimnet: this machine computes other bits than the one that began: results before and after differ in their last digits.',
      );
    if (files.ended !== null) {
      await files.end(files.ended);
      const { images = 0, failed = 0 } = files.last ?? {};
      say(io, printable(`slimnet: ${path}: all ${images} images were done already.`));
      return failed;
    }
    const last = files.last;
    if (last !== null) say(io, printable(`slimnet: ${path}: goes on after ${last.images} images.`));
    const { whole, images, failed } = await runParts(io, model, {
      inputs,
      output: content.output,
      batch: flags.batch,
      shard,
      done: { after: last, images: last?.images ?? 0, failed: last?.failed ?? 0 },
      changed: () =>
        new DataError('The images are not those that this batch was begun with, or in another order.', {
          path: journalOf(path),
          hint: 'a list (--from-file) stays what it is while folders change.',
        }),
      maxErrors: flags.maxErrors,
      tell: flags.rejects === undefined,
      report: true,
      take: async (part, results) => {
        const failures = results.filter(isFailure);
        const lines = rejects.map(() => Buffer.from(failures.map((each) => `${JSON.stringify(each)}\n`).join('')));
        await files.add(part, results.length, failures.length, [...encoding.encode(results), ...lines]);
        await seen?.take(part, results);
      },
    }).catch((error: unknown) => {
      const done = files.last?.images ?? 0;
      if (done > 0) say(io, printable(`slimnet: ${path}: ${done} images are done; --resume goes on with the others.`));
      throw error;
    });
    await files.end(whole);
    if (report !== undefined && seen !== undefined) await writeReport(io, report.path, seen.html());
    say(io, printable(`${path}: ${images - failed} of ${images} images`));
    return failed;
  } finally {
    await files.close().catch(() => {});
  }
}

/** All that the results depend on besides images, weights and arithmetic, which the probe is for. */
function settingsOf(
  command: string,
  format: string,
  flags: ModelFlags & BatchFlags,
  model: Model,
  content: Content,
): Settings {
  const { fastDecode = false, cmyk = null, maxPixels = null } = flags;
  const labels = createHash('sha256').update(JSON.stringify(model.labels)).digest('hex').slice(0, 16);
  return {
    ...{ command, format, network: model.name, precision: model.precision, batch: flags.batch },
    ...content.settings,
    ...{ labels, preprocessing: JSON.stringify(model.preprocessing), fastDecode, cmyk, maxPixels },
    rejects: flags.rejects !== undefined,
  };
}
