import { defined } from '../core/options.js';
import { type ImageLoader, type Item, type Prepared, releasePixels } from '../data/image_loader.js';
import type { ImageSource } from '../data/image_source.js';
import { type ExecutionError, spelling } from '../errors.js';
import { SignalListeners } from '../runtime/session/cancellation.js';
import { batchSizeFor } from './batch_sizes.js';
import { systemClock } from './batcher/clock.js';
import { type BatcherStats, DynamicBatcher } from './batcher/dynamic_batcher.js';
import type { Batching } from './batching.js';
import { modelSpelling } from './call_options.js';
import type { InferOptions, ModelInput, Outcome, PredictOptions } from './model_types.js';
import type { ModelOutput } from './network_graph.js';
import type { NetworkRuns } from './network_runs.js';
import { anyNotFinite } from './not_finite.js';
import { type OutputSet, outputsOf, type Rows } from './output_sets.js';
import { inPieces } from './pieces.js';

/** Gives images that nobody else can change. */
type Copies = () => readonly Item[];

type ListOptions = PredictOptions & Pick<InferOptions, 'borrowed'>;

/** What calls are made of. */
export interface CallParts {
  readonly batching: Batching;
  readonly images: ImageLoader;
  readonly network: NetworkRuns;
  /** Runs that the session computes at the same time. */
  readonly runsAtOnce: number;
}

/** The way of images through a model: copied, cut into pieces, decoded, put into batches with those of other calls, and run. */
export class ImageCalls {
  readonly #batching: Batching;
  readonly #images: ImageLoader;
  readonly #network: NetworkRuns;
  readonly #runsAtOnce: number;
  readonly #batcher: DynamicBatcher<OutputSet, Prepared, Rows>;
  readonly #signals = new SignalListeners();
  readonly #pending = new Set<Promise<unknown>>();

  constructor({ batching, images, network, runsAtOnce }: CallParts) {
    this.#batching = batching;
    this.#images = images;
    this.#network = network;
    this.#runsAtOnce = runsAtOnce;
    this.#batcher = new DynamicBatcher({
      ...{ ...batching, runsAtOnce },
      run: (set, images, signal) => network.rows(set, images, signal),
      onDropped: releasePixels,
    });
  }

  /** What a call of so many images would hear at this moment, or null. */
  refusal(set: OutputSet, count: number, { timeoutMs, priority }: PredictOptions): ExecutionError | null {
    return this.#batcher.refusal(set, count, timeoutMs ?? this.#batching.timeoutMs, priority);
  }

  stats(): BatcherStats {
    return this.#batcher.stats();
  }

  /** Waits for the lists that were accepted, and of streams for the batches that have been begun. Then all is refused with `error`. */
  async close(error: Error): Promise<void> {
    await Promise.allSettled(this.#pending);
    await this.#batcher.close(error);
  }

  dispose(error: Error): void {
    this.#batcher.dispose(error);
  }

  /** What each image of a list has of each output, in the order of the list. */
  async list(sources: readonly ModelInput[], set: OutputSet, options: ListOptions): Promise<Rows[]> {
    const rows = this.#collect(sources, set, options);
    this.#pending.add(rows);
    try {
      return await spelling(modelSpelling, () => rows);
    } finally {
      this.#pending.delete(rows);
    }
  }

  async #collect(sources: readonly ModelInput[], set: OutputSet, options: ListOptions): Promise<Rows[]> {
    const rows: Rows[] = [];
    const { signal, timeoutMs = this.#batching.timeoutMs, priority } = options;
    // All of the list is copied once its first piece was taken: refusing costs nothing.
    const all = this.#copies(sources, options.borrowed);
    let taken = 0;
    const own = (piece: readonly ModelInput[]): Copies => {
      const from = taken;
      taken += piece.length;
      return () => all().slice(from, from + piece.length);
    };
    for await (const outcomes of this.#outcomes(sources, set, { signal, timeoutMs, priority }, own))
      rows.push(...outcomes.map(({ result }) => result));
    return rows;
  }

  /**
   * The images of a list or an iterable with what they have of each output, as they come.
   * @param onFailure told of images that are left out; without it the first of them is thrown
   */
  stream(
    sources: Iterable<ModelInput> | AsyncIterable<ModelInput>,
    set: OutputSet,
    signal: AbortSignal | undefined,
    onFailure: ((source: ModelInput, error: unknown) => void) | undefined,
  ): AsyncGenerator<Outcome<ModelInput, Rows>[]> {
    return this.#outcomes(sources, set, { signal }, (piece) => this.#copies(piece), onFailure);
  }

  /** One output of images that share their batches with no others: a row for each, or its error. */
  async alone(
    sources: readonly ImageSource[],
    output: ModelOutput,
    signal: AbortSignal | undefined,
  ): Promise<PromiseSettledResult<Float32Array>[]> {
    const items = sources.map((source) => this.#images.own(source));
    const settled = new Map<Item, PromiseSettledResult<Float32Array>>();
    const fail = (item: Item, error: unknown) => void settled.set(item, { status: 'rejected', reason: error });
    const prepared = await spelling(modelSpelling, () => this.#images.prepare(items, signal, fail, true));
    try {
      for (let from = 0; from < prepared.length; ) {
        const some = prepared.slice(from, from + batchSizeFor(prepared.length - from, this.#batching.maxBatchSize));
        from += some.length;
        for (const [i, [row]] of (await this.#network.rows(output, some, signal)).entries()) {
          const { item } = some[i] as { readonly item: Item };
          const value = row as Float32Array;
          if (output !== 'logits' && anyNotFinite(value)) fail(item, this.#network.notFiniteError(output));
          else settled.set(item, { status: 'fulfilled', value });
        }
      }
    } finally {
      // Those that have run are given back already: left are those behind a batch that failed.
      releasePixels(prepared);
    }
    return items.map((item) => settled.get(item) as PromiseSettledResult<Float32Array>);
  }

  /** Makes copies of what a caller may change, at the first call. */
  #copies(sources: readonly ModelInput[], borrowed = false): Copies {
    let items: readonly Item[] | undefined;
    return () => {
      items ??= sources.map((source) => this.#images.own(source, borrowed));
      return items;
    };
  }

  /**
   * Puts images into the batcher, a batch of them at a time. Single images, arrays and streams all go this way, so that they share
   * batches. A piece of a list is ready as a whole: its images run together, where image by image they would leave as soon as
   * the network is idle, in small batches. A list never has more than two pieces for each run at a time in the queue, so memory is
   * bounded and other calls are served in between; its later pieces wait for room, so that a list is refused at once or served whole.
   * @param own copies of a piece, which are made once it was taken
   */
  #outcomes(
    sources: Iterable<ModelInput> | AsyncIterable<ModelInput>,
    set: OutputSet,
    { signal, timeoutMs, priority }: PredictOptions,
    own: (piece: readonly ModelInput[]) => Copies,
    onFailure?: (source: ModelInput, error: unknown) => void,
  ): AsyncGenerator<Outcome<ModelInput, Rows>[]> {
    const since = systemClock.now();
    const failed = onFailure && ((item: Item, error: unknown) => onFailure(item.source, error));
    const { maxBatchSize, queueLimit } = this.#batching;
    let left = Array.isArray(sources) ? sources.length : undefined;
    return inPieces(sources, {
      pieceSize: Math.min(maxBatchSize, queueLimit),
      piecesAhead: 2 * this.#runsAtOnce,
      signal,
      signals: this.#signals,
      begin: (piece, first, stop) => {
        if (left !== undefined) left -= piece.length;
        const copies = own(piece);
        let done: ModelInput[] = [];
        const prepare = async (gone: AbortSignal) => {
          const prepared = await this.#images.prepare(copies(), gone, failed, true);
          done = prepared.map(({ item }) => item.source);
          return prepared;
        };
        const rows = this.#batcher.submit({
          ...{ key: set, count: piece.length, prepare, ...defined({ follow: left }) },
          ...{ signal: stop, timeoutMs, since, continues: !first, ...defined({ priority }) },
        });
        copies();
        return rows.then((all) =>
          this.#finite(
            all.map((result, i) => ({ item: done[i] as ModelInput, result })),
            set,
            onFailure,
          ),
        );
      },
    });
  }

  /**
   * Those of some results that are numbers; the others are failures of their images. Logits are handed over as they are: they say of
   * themselves what they are.
   */
  #finite(
    outcomes: Outcome<ModelInput, Rows>[],
    set: OutputSet,
    onFailure: ((source: ModelInput, error: unknown) => void) | undefined,
  ): Outcome<ModelInput, Rows>[] {
    const outputs = outputsOf(set);
    return outcomes.filter(({ item, result }) => {
      const bad = result.findIndex((row, i) => outputs[i] !== 'logits' && anyNotFinite(row));
      if (bad < 0) return true;
      const error = this.#network.notFiniteError(outputs[bad] as ModelOutput);
      if (onFailure === undefined) throw error;
      onFailure(item, error);
      return false;
    });
  }
}
