import { advice, DataError, isSlimnetError, ownSpelling, SlimnetError, shortened } from '../../errors.js';
import type { Model } from '../../model/model.js';
import type { ModelOutput } from '../../model/network_graph.js';
import { inPieces } from '../../model/pieces.js';
import { SignalListeners } from '../../runtime/session/cancellation.js';
import { type Input, type InputImage, type Inputs, isArchive, sourceOf } from '../inputs/input.js';
import { type CliIo, errorText, printable, say } from '../io.js';
import { sayDefects } from '../kernel_text.js';
import { startProgress } from '../progress.js';
import type { Failure, Result } from './contents.js';
import { type Part, type Place, partsOf, type Whole } from './parts.js';
import { type Shard, wholeBatch } from './shard.js';

export interface RunOptions {
  readonly inputs: Inputs;
  readonly output: ModelOutput;
  /** Images that run at once. */
  readonly batch: number;
  /** The whole unless told. */
  readonly shard?: Shard;
  /** What was done before: after which part to begin, and how many images that were. */
  readonly done?: { readonly after: Place | null; readonly images: number; readonly failed: number };
  /** Makes the error for inputs that are not those of before. */
  readonly changed?: () => Error;
  /** Takes the results of a part. Parts come in their order. */
  readonly take: (part: Part, results: readonly Result[]) => Promise<void>;
  /** False: images that failed are not told one by one. */
  readonly tell?: boolean;
  /** With more failures than this the work ends. */
  readonly maxErrors?: number | undefined;
  /** Whether to report now and then where nobody sees a bar. */
  readonly report?: boolean;
}

export interface RunSummary {
  readonly whole: Whole;
  readonly images: number;
  readonly failed: number;
}

/** Two parts for each run at a time, one that runs and one that is made ready. */
function partsAhead(model: Model): number {
  const { mode, executors } = model.session.stats();
  return 2 * (mode === 'throughput' ? executors.reduce((sum, { count }) => sum + count, 0) : 1);
}

/**
 * Runs a model over images, part by part, and hands over what became of each image. An image that cannot be read is reported.
 * @throws DataError with more failures than are allowed; what `take` throws
 */
export async function runParts(io: CliIo, model: Model, options: RunOptions): Promise<RunSummary> {
  const { inputs, output, batch, take, tell = true, maxErrors, report = false } = options;
  const { shard = wholeBatch, done = { after: null, images: 0, failed: 0 } } = options;
  const { changed = () => new Error('unreachable') } = options;
  const progress = startProgress(io, { done: done.images, report });
  const counting = new AbortController();
  if (inputs.repeatable) void countImages(inputs, batch, shard, counting.signal).then(progress.setTotal, () => {});
  let whole: Whole = { units: 0, names: '' };
  let { images, failed } = done;
  const parts = async function* () {
    whole = yield* partsOf(inputs.each(), { size: batch, shard, after: done.after, signal: io.signal, changed });
  };
  const outcomes = inPieces(parts(), {
    pieceSize: 1,
    piecesAhead: partsAhead(model),
    signal: io.signal,
    signals: new SignalListeners(),
    begin: async ([part], _, signal) => ({
      part: part as Part,
      outcomes: await outcomesOf(model, part as Part, output, signal),
    }),
  });
  try {
    for await (const { part, outcomes: some } of outcomes) {
      const results = some.map((outcome, i): Result => {
        const file = (part.images[i] as InputImage).name;
        if (outcome.status === 'fulfilled') return { file, row: outcome.value };
        return failureRecord(file, SlimnetError.respell(outcome.reason, io.spelling ?? ownSpelling));
      });
      for (const [i, outcome] of some.entries()) {
        if (outcome.status === 'fulfilled') continue;
        failed++;
        if (tell) progress.interrupt(() => sayFailure(io, (part.images[i] as InputImage).name, outcome.reason));
      }
      images += results.length;
      const taking: Promise<void>[] = [];
      if (io.out.isTTY === true) progress.interrupt(() => taking.push(take(part, results)));
      else taking.push(take(part, results));
      await Promise.all(taking);
      progress.advance(results.length);
      if (maxErrors !== undefined && failed > maxErrors)
        throw new DataError(`${failed} images failed, more than ${maxErrors}.`, {
          hint: advice(['raise ', '.'], 'maxErrors'),
        });
    }
  } finally {
    counting.abort();
    progress.stop();
  }
  sayDefects(io, model.stats().defects);
  if (failed > 0) say(io, `slimnet: ${failed} of ${images} images failed.`);
  return { whole, images, failed };
}

function failureRecord(file: string, error: unknown): Failure {
  const code = isSlimnetError(error) ? error.code : 'ERR_INTERNAL';
  return { file, error: { code, message: error instanceof Error ? error.message : String(error) } };
}

function sayFailure(io: CliIo, name: string, error: unknown): void {
  const text = errorText(io, error);
  say(io, `slimnet: ${printable(text.includes(shortened(name)) ? text : `${shortened(name)}: ${text}`)}`);
}

/** What became of each image of a part. Those in buckets are fetched now. */
async function outcomesOf(
  model: Model,
  { images }: Part,
  output: ModelOutput,
  signal: AbortSignal,
): Promise<PromiseSettledResult<Float32Array>[]> {
  const sources = await Promise.allSettled(images.map(sourceOf));
  signal.throwIfAborted();
  const readable = sources.flatMap((source) => (source.status === 'fulfilled' ? [source.value] : []));
  const rows = readable.length === 0 ? [] : await model.runAlone(readable, output, { signal });
  let next = 0;
  return sources.map((source) =>
    source.status === 'fulfilled' ? (rows[next++] as PromiseSettledResult<Float32Array>) : source,
  );
}

/** How many images a shard has; null where that is known of no archive that was not read. */
async function countImages(inputs: Inputs, batch: number, shard: Shard, signal: AbortSignal): Promise<number | null> {
  let [count, unit, loose] = [0, 0, 0];
  const isOurs = () => unit % shard.count === shard.index;
  const finish = () => {
    if (loose === 0) return;
    if (isOurs()) count += loose;
    unit++;
    loose = 0;
  };
  for await (const input of inputs.each() as AsyncIterable<Input>) {
    signal.throwIfAborted();
    if (isArchive(input)) {
      finish();
      if (isOurs()) return null;
      unit++;
    } else if (++loose === batch) finish();
  }
  finish();
  return count;
}
