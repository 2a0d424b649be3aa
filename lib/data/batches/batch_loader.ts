/** Batches of a data set: in order, decoded, augmented, and ready before they are wanted. */
import { describe } from '../../core/dtype.js';
import { checkInteger, checkOneOf, checkSignal, type Defaults, withDefaults } from '../../core/options.js';
import { ArgumentError, advice, DataError, isSlimnetError, shortened } from '../../errors.js';
import { loadAddon } from '../../native/binding.js';
import { checkDataSet, checkLabel, type DataSet, labelsOf, type Sample } from '../data_sets/index.js';
import { type DecodeOptions, decodeImage, unlessAborted } from '../decoding.js';
import { checkImageWorkers, defaultWorkers } from '../image_loader.js';
import { checkPreprocessingName, type PreprocessingSpec } from '../preprocessing.js';
import type { RawImage } from '../raw_image.js';
import { Semaphore } from '../semaphore.js';
import { type AugmentationPolicy, augmentations, type Draw, drawerOf } from './augmentations.js';
import type { ImageCache } from './image_cache.js';
import {
  balancedOrder,
  checkPosition,
  type DataPosition,
  type SampleOrder,
  sequentialOrder,
  shuffledOrder,
} from './sample_order.js';

/** Images and labels of one step. */
export interface Batch {
  /** float32 [height, width, 3] of each image: a feed of a placeholder [size, height, width, 3]. */
  readonly images: readonly Float32Array[];
  /** Index of each image's class. */
  readonly labels: Int32Array;
  /** Index of each image in the data set. */
  readonly indices: Uint32Array;
  /** Number of the epoch, from 0. */
  readonly epoch: number;
  /** Where a training goes on that has taken this batch. */
  readonly next: DataPosition;
}

/** An image that is left out. */
export interface SkippedImage {
  readonly index: number;
  readonly name: string;
  readonly error: Error;
}

/** How batches are made. */
export interface BatchOptions {
  /** Images a batch. */
  readonly batchSize: number;
  readonly preprocessing: PreprocessingSpec;
  /** What is done to images besides; nothing (evaluation) unless told. */
  readonly augmentation?: AugmentationPolicy;
  /** `shuffled` unless told; `balanced`: each class equally often, which needs the data set's labels. */
  readonly order?: 'sequential' | 'shuffled' | 'balanced';
  /** Decides order and augmentation; 0 unless told. */
  readonly seed?: number;
  /** Where to begin: what `next` of the last batch said. The beginning of epoch 0 unless told. */
  readonly start?: DataPosition;
  /** Number of the epoch at which to end; unlimited unless told. */
  readonly epochs?: number;
  /** What becomes of the images at the end of an epoch that fill no batch; `drop` unless told. */
  readonly lastBatch?: 'drop' | 'smaller';
  /** Batches that are made in advance; 2 unless told. */
  readonly prefetch?: number;
  /** Images that are decoded or augmented at the same time; 2 to 4 unless told, as there are cores. */
  readonly workers?: number;
  /** Keeps decoded images; unless told, originals are decoded each time. */
  readonly cache?: ImageCache;
  readonly decode?: DecodeOptions;
  /** Told once of each image that is left out. */
  readonly onSkip?: (skipped: SkippedImage) => void;
  readonly signal?: AbortSignal;
}

const where = 'BatchLoader';
const defaults = {
  batchSize: undefined,
  preprocessing: undefined,
  augmentation: augmentations.none(),
  order: 'shuffled',
  seed: 0,
  start: { epoch: 0, taken: 0 },
  epochs: Number.POSITIVE_INFINITY,
  lastBatch: 'drop',
  prefetch: 2,
  workers: defaultWorkers,
  cache: undefined,
  decode: {},
  onSkip: undefined,
  signal: undefined,
} satisfies Defaults<BatchOptions>;

/** More samples than this are looked at before so many bad ones are too many. */
const enoughToJudge = 100;

/** One sample of the order, or what is wrong with it. */
type Outcome =
  | { readonly pixels: Float32Array; readonly label: number; readonly index: number }
  | { readonly error: unknown; readonly index: number; readonly name: string };

type Prepared = Extract<Outcome, { pixels: Float32Array }>;

/**
 * Makes batches of a data set. What is in them is a function of the data set, the options and the position: a loader that starts at the `next`
 * of a batch makes the same batches, to the bit, as the one that made it would have.
 *
 * An image that cannot be read (`ImageError`) is left out, and the next one takes its place. Iterating ends with the error of anything else, with
 * the signal's reason, and with a `DataError` when most images are bad. Leaving the loop ends the work.
 */
export class BatchLoader implements AsyncIterable<Batch> {
  /** Batches of an epoch, where no image is left out. */
  readonly batchesPerEpoch: number;
  /** Images of an epoch. */
  readonly samplesPerEpoch: number;
  readonly #dataSet: DataSet;
  readonly #options: Options;
  readonly #order: SampleOrder;
  readonly #draw: Draw;
  readonly #semaphore: Semaphore;
  readonly #skipped = new Map<number, SkippedImage>();
  #taken = 0;

  private constructor(dataSet: DataSet, options: Options, order: SampleOrder) {
    const { batchSize, lastBatch } = options;
    this.#dataSet = dataSet;
    this.#options = options;
    this.#order = order;
    this.#draw = drawerOf(where, options.augmentation, options.preprocessing);
    this.#semaphore = new Semaphore(options.workers);
    this.samplesPerEpoch = order.length;
    this.batchesPerEpoch = Math[lastBatch === 'drop' ? 'floor' : 'ceil'](order.length / batchSize);
  }

  /**
   * @throws ArgumentError for options; DataError for an empty data set, for one smaller than a batch, and where the labels that a balanced order
   * needs are missing
   */
  static async create(dataSet: DataSet, options: BatchOptions): Promise<BatchLoader> {
    const complete = checkedOptions(options);
    checkDataSet(where, dataSet);
    const { length } = dataSet;
    const { batchSize, lastBatch, order, seed } = complete;
    if (length === 0) throw new DataError('The data set has no images.');
    if (length >= 2 ** 32) throw new DataError(`The data set has ${length} images, the limit is 2^32 - 1.`);
    if (lastBatch === 'drop' && length < batchSize) {
      throw new DataError(`An epoch of ${length} images is smaller than a batch of ${batchSize}.`, {
        hint: advice`take ${['batchSize', length]} or less.`,
      });
    }
    const orders = {
      sequential: () => sequentialOrder(length),
      shuffled: () => shuffledOrder(length, seed),
      balanced: async () => balancedOrder(await labelsOf(dataSet), seed),
    };
    return new BatchLoader(dataSet, complete, await orders[order]());
  }

  /** Images that were left out so far, the first that was met first. */
  get skipped(): readonly SkippedImage[] {
    return [...this.#skipped.values()];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    const { batchSize, epochs, lastBatch, prefetch, signal } = this.#options;
    const work = new Work(this.#options.start, this.#order.length, epochs, (epoch, place) =>
      this.#prepare(epoch, place, work.stopped),
    );
    try {
      let batch: Prepared[] = [];
      let batchesOfEpoch = work.position.taken > 0 ? 1 : 0;
      for (;;) {
        signal?.throwIfAborted();
        work.fill(prefetch * batchSize + this.#options.workers);
        if (work.ended) return;
        const { epoch, isLast, next, outcome } = await work.take(signal);
        if ('pixels' in outcome) {
          batch.push(outcome);
          this.#taken++;
        } else this.#skip(outcome);
        const isFull = batch.length === batchSize;
        if (isFull || (isLast && lastBatch === 'smaller' && batch.length > 0)) {
          yield assembled(batch, epoch, next);
          batchesOfEpoch++;
          batch = [];
        }
        if (!isLast) continue;
        // Those that fill no batch are dropped.
        batch = [];
        if (batchesOfEpoch === 0) throw this.#tooManyBad();
        batchesOfEpoch = 0;
      }
    } finally {
      await work.stop();
    }
  }

  async #prepare(epoch: number, place: number, stopped: AbortSignal): Promise<Outcome> {
    const index = this.#order.at(epoch, place);
    const known = this.#skipped.get(index);
    if (known !== undefined) return known;
    return this.#semaphore.use(async () => {
      let name = `image ${index}`;
      try {
        stopped.throwIfAborted();
        const sample = await this.#dataSet.get(index);
        name = sample.name ?? name;
        checkLabel(sample.label, this.#dataSet.classes, name);
        const image = await this.#pixels(sample, stopped);
        stopped.throwIfAborted();
        const { preprocessing, seed } = this.#options;
        const { height, width } = image;
        const drawn = this.#draw({
          height,
          width,
          seed,
          index: epoch * this.#order.length + place,
          boxes: sample.boxes ?? [],
          preprocessing,
        });
        const pixels = await loadAddon().preprocess(preprocessing, [image], ...(drawn === null ? [] : [[drawn]]));
        return { pixels, label: sample.label, index };
      } catch (error) {
        return { error, index, name };
      }
    });
  }

  #pixels(sample: Sample, signal: AbortSignal): Promise<RawImage> {
    const { cache, decode } = this.#options;
    return cache === undefined ? decodeImage(sample.image, { ...decode, signal }) : cache.pixels(sample, signal);
  }

  #skip({ error, index, name }: Exclude<Outcome, Prepared>): void {
    if (!isSlimnetError(error) || error.code !== 'ERR_IMAGE') throw error;
    if (!this.#skipped.has(index)) {
      const skipped = { index, name, error };
      this.#skipped.set(index, skipped);
      this.#options.onSkip?.(skipped);
    }
    const bad = this.#skipped.size;
    if (bad > this.#taken && bad + this.#taken >= enoughToJudge) throw this.#tooManyBad();
  }

  #tooManyBad(): DataError {
    const [first] = this.#skipped.values();
    if (first === undefined) return new DataError('An epoch has no whole batch.');
    const seen = this.#skipped.size + this.#taken;
    return new DataError(
      `${this.#skipped.size} of the first ${seen} images cannot be read. ` +
        `The first is ${shortened(first.name)}: ${first.error.message}`,
      { cause: first.error },
    );
  }
}

function assembled(batch: readonly Prepared[], epoch: number, next: DataPosition): Batch {
  return {
    images: batch.map(({ pixels }) => pixels),
    labels: Int32Array.from(batch, ({ label }) => label),
    indices: Uint32Array.from(batch, ({ index }) => index),
    epoch,
    next,
  };
}

/** Samples that are being prepared, in order. */
class Work {
  readonly #stop = new AbortController();
  readonly #pending: Promise<Outcome>[] = [];
  readonly #length: number;
  readonly #epochs: number;
  readonly #prepare: (epoch: number, place: number) => Promise<Outcome>;
  /** Where the next sample that is taken stands. */
  position: DataPosition;
  /** Where the next sample that is begun stands. */
  #ahead: DataPosition;

  constructor(
    start: DataPosition,
    length: number,
    epochs: number,
    prepare: (epoch: number, place: number) => Promise<Outcome>,
  ) {
    this.#length = length;
    this.#epochs = epochs;
    this.#prepare = prepare;
    this.position = this.#ahead = start.taken >= length ? { epoch: start.epoch + 1, taken: 0 } : start;
  }

  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  get ended(): boolean {
    return this.#pending.length === 0;
  }

  /** Begins so many samples as are missing of `count`. */
  fill(count: number): void {
    while (this.#pending.length < count && this.#ahead.epoch < this.#epochs) {
      this.#pending.push(this.#prepare(this.#ahead.epoch, this.#ahead.taken));
      this.#ahead = this.#after(this.#ahead);
    }
  }

  /** Waits for the next sample. */
  async take(signal: AbortSignal | undefined) {
    const outcome = await unlessAborted(this.#pending[0] as Promise<Outcome>, signal);
    this.#pending.shift();
    const { epoch, taken } = this.position;
    this.position = this.#after(this.position);
    return { epoch, isLast: taken === this.#length - 1, next: this.position, outcome };
  }

  /** Begins nothing more, and waits until nothing is at work. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#pending);
  }

  #after({ epoch, taken }: DataPosition): DataPosition {
    return taken + 1 < this.#length ? { epoch, taken: taken + 1 } : { epoch: epoch + 1, taken: 0 };
  }
}

type Options = ReturnType<typeof checkedOptions>;

function checkedOptions(options: BatchOptions) {
  const complete = withDefaults(where, options, defaults);
  const { batchSize, preprocessing, order, seed, start, epochs, lastBatch, prefetch, workers, signal } = complete;
  checkInteger(where, 'batchSize', batchSize, 1, 65536);
  if (typeof preprocessing !== 'object' || preprocessing === null)
    throw new ArgumentError(
      `${where}: preprocessing: expected {name, height, ...}, received ${describe(preprocessing)}.`,
    );
  checkPreprocessingName(preprocessing.name);
  checkOneOf(where, 'order', order, ['sequential', 'shuffled', 'balanced']);
  checkInteger(where, 'seed', seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  checkPosition(where, start);
  if (epochs !== Number.POSITIVE_INFINITY) checkInteger(where, 'epochs', epochs, 1, 2 ** 31);
  checkOneOf(where, 'lastBatch', lastBatch, ['drop', 'smaller']);
  checkInteger(where, 'prefetch', prefetch, 1, 1024);
  checkImageWorkers(where, 'workers', workers);
  checkSignal(where, signal);
  return complete;
}
