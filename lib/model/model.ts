import { availableParallelism } from 'node:os';
import { describe } from '../core/dtype.js';
import { type DecodeOptions, decodeOwned, type ImageSource, type OwnedSource, ownSource } from '../data/decoding.js';
import type { PreprocessingSpec } from '../data/preprocessing.js';
import type { RawImage } from '../data/raw_image.js';
import { ArgumentError, ExecutionError } from '../errors.js';
import { loadAddon } from '../native/binding.js';
import type { CalibrateOptions, Calibration } from '../runtime/calibration.js';
import type { ComputePrecision } from '../runtime/device.js';
import type { Session } from '../runtime/session.js';
import type { NetworkEntry } from '../slim/nets/registry.js';
import { concatenate, inBatches, type Outcome } from './batches.js';
import { mapLimited } from './map_limited.js';
import type { ModelOutput, NetworkGraph } from './network_graph.js';
import { type Prediction, topPredictions } from './predictions.js';

/** Options of one call. */
export interface PredictOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ClassifyOptions extends PredictOptions {
  /** How many classes, most probable first; 5 unless told. */
  readonly topK?: number;
}

/** Options of `stream`. */
export interface StreamOptions extends PredictOptions {
  /** Told of images that cannot be read, which are left out. Without it the first of them ends the stream with its error. */
  readonly onFailure?: (source: ImageSource, error: unknown) => void;
}

/** @internal What `loadModel` gives a model besides its network and session. */
export interface ModelParts {
  readonly labels: readonly string[] | null;
  readonly numClasses: number;
  readonly preprocessing: PreprocessingSpec;
  readonly maxBatch: number;
  readonly decode: DecodeOptions;
}

/** Decodes at the same time: the decoder works on libuv's threads, of which there are 4 unless told. */
const decodesAtOnce = Math.max(2, Math.min(availableParallelism(), 4));

/** A source with a copy of its bytes, or what is wrong with it. */
interface Item {
  readonly source: ImageSource;
  readonly owned: OwnedSource | null;
  readonly error: unknown;
}

/**
 * A network with weights, preprocessing and labels; `loadModel` makes it. Images may be paths, encoded bytes or raw pixels; bytes
 * and pixels are copied before a call returns, so the caller may change them at once. Results keep the order of the images.
 */
export class Model {
  readonly name: string;
  readonly numClasses: number;
  /** Names of the classes, or null. */
  readonly labels: readonly string[] | null;
  /** What is added to an index to get its number in lists of 1001 classes, where 0 is the background. */
  readonly labelOffset: number;
  readonly preprocessing: PreprocessingSpec;
  /** The session underneath, for everything that a model does not offer. */
  readonly session: Session;
  readonly #outputs: NetworkGraph['outputs'];
  readonly #maxBatch: number;
  readonly #decode: DecodeOptions;
  readonly #pending = new Set<Promise<unknown>>();
  #closing = false;

  /** @internal */
  constructor(entry: NetworkEntry, session: Session, outputs: NetworkGraph['outputs'], parts: ModelParts) {
    this.name = entry.name;
    this.session = session;
    this.#outputs = outputs;
    this.labels = parts.labels;
    this.labelOffset = entry.labelOffset;
    this.numClasses = parts.numClasses;
    this.preprocessing = parts.preprocessing;
    this.#maxBatch = parts.maxBatch;
    this.#decode = parts.decode;
  }

  /**
   * The most probable classes of an image, or of each of several.
   * @throws ImageError, ArgumentError, ExecutionError; the signal's reason when aborted
   */
  classify(image: ImageSource, options?: ClassifyOptions): Promise<Prediction[]>;
  classify(images: readonly ImageSource[], options?: ClassifyOptions): Promise<Prediction[][]>;
  async classify(
    images: ImageSource | readonly ImageSource[],
    options: ClassifyOptions = {},
  ): Promise<Prediction[] | Prediction[][]> {
    const { topK = Math.min(5, this.numClasses), ...rest } = checked('classify', options, ['topK', 'signal']);
    this.#checkTopK(topK);
    const rows = await this.#rows(images, 'predictions', rest);
    return Array.isArray(rows) ? rows.map((row) => this.top(row, topK)) : this.top(rows, topK);
  }

  /**
   * The globally pooled features of an image, or of each of several: 2048 values of the residual networks, 512 of those of basic
   * units, 4096 (fc7) of VGG.
   */
  embed(image: ImageSource, options?: PredictOptions): Promise<Float32Array>;
  embed(images: readonly ImageSource[], options?: PredictOptions): Promise<Float32Array[]>;
  async embed(
    images: ImageSource | readonly ImageSource[],
    options: PredictOptions = {},
  ): Promise<Float32Array | Float32Array[]> {
    return this.#rows(images, 'features', checked('embed', options, ['signal']));
  }

  /** The logits of an image, or of each of several. */
  logits(image: ImageSource, options?: PredictOptions): Promise<Float32Array>;
  logits(images: readonly ImageSource[], options?: PredictOptions): Promise<Float32Array[]>;
  async logits(
    images: ImageSource | readonly ImageSource[],
    options: PredictOptions = {},
  ): Promise<Float32Array | Float32Array[]> {
    return this.#rows(images, 'logits', checked('logits', options, ['signal']));
  }

  /**
   * One output of many images as it comes, a batch at a time: rows of logits, of class probabilities, or of features.
   * @throws like `classify`
   */
  async *stream(
    sources: readonly ImageSource[],
    output: ModelOutput,
    options: StreamOptions = {},
  ): AsyncGenerator<Outcome<ImageSource, Float32Array>> {
    const { signal, onFailure } = checked('stream', options, ['signal', 'onFailure']);
    for await (const outcomes of this.#batches(
      sources.map((source) => this.#own(source)),
      output,
      signal,
      onFailure,
    )) {
      for (const { item, result } of outcomes) yield { item: item.source, result };
    }
  }

  /** The `topK` largest of a row of class probabilities, with their labels. @throws ArgumentError */
  top(probabilities: Float32Array, topK: number): Prediction[] {
    this.#checkTopK(topK);
    return topPredictions(probabilities, this.labels, topK);
  }

  /** What the model computes with; what `auto` came to. */
  get precision(): ComputePrecision {
    return this.session.precision;
  }

  /**
   * Looks at images like those that the model will see, in float32, and gives the ranges of all values: what `loadModel` needs
   * for precision int8. A hundred to some hundred are enough.
   * @throws ImageError of the earliest bad image; else like `Session.calibrate`
   */
  async calibrate(sources: readonly ImageSource[], options: CalibrateOptions = {}): Promise<Calibration> {
    const { logits, features } = this.#outputs;
    return this.session.calibrate({ logits, features }, this.#calibrationBatches(sources, options.signal), options);
  }

  async *#calibrationBatches(
    sources: readonly ImageSource[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<{ images: Float32Array }> {
    for (let from = 0; from < sources.length; from += this.#maxBatch) {
      const batch = sources.slice(from, from + this.#maxBatch);
      yield { images: await this.preprocess(batch, signal === undefined ? {} : { signal }) };
    }
  }

  /** Decodes one image with this model's decode options. */
  async decode(source: ImageSource, { signal }: PredictOptions = {}): Promise<RawImage> {
    return decodeOwned(ownSource(source, this.#decode), {
      ...this.#decode,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** The network's input for some images: float32 [images, height, width, 3]. @throws ImageError of the earliest bad image */
  async preprocess(sources: readonly ImageSource[], { signal }: PredictOptions = {}): Promise<Float32Array> {
    return concatenate(
      await mapLimited(
        sources.map((source) => this.#own(source)),
        decodesAtOnce,
        (item) => this.#prepare(item, signal),
      ),
    );
  }

  /**
   * One output for preprocessed pixels, float32 [images, height, width, 3]: the network alone.
   * @returns the rows of all images, one after another
   */
  async run(
    pixels: Float32Array,
    { signal, output = 'logits' }: PredictOptions & { readonly output?: ModelOutput } = {},
  ): Promise<Float32Array> {
    const tensor = this.#outputs[output];
    if (tensor === undefined)
      throw new ArgumentError(
        `output: expected ${Object.keys(this.#outputs).join(', ')}, received ${describe(output)}.`,
      );
    const { result } = await this.session.run(
      { images: pixels },
      { result: tensor },
      signal === undefined ? {} : { signal },
    );
    return result.data as Float32Array;
  }

  /** Bytes and counters of the session. */
  stats(): ReturnType<Session['stats']> {
    return this.session.stats();
  }

  /** Frees native memory now. Work that has begun ends with ERR_DISPOSED or its result. */
  dispose(): void {
    this.session.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Takes no more calls, waits for those that have begun (streams aside), then frees. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await Promise.allSettled(this.#pending);
    await this.session[Symbol.asyncDispose]();
  }

  #checkTopK(topK: number): void {
    if (!Number.isInteger(topK) || topK < 1 || topK > this.numClasses) {
      throw new ArgumentError(`topK: expected 1 to ${this.numClasses}, received ${describe(topK)}.`);
    }
  }

  async #rows(
    images: ImageSource | readonly ImageSource[],
    output: ModelOutput,
    options: PredictOptions,
  ): Promise<Float32Array | Float32Array[]> {
    if (this.#closing) throw new ExecutionError('The model was disposed.', { code: 'ERR_DISPOSED' });
    const rows = this.#collect(images, output, options);
    this.#pending.add(rows);
    try {
      return await rows;
    } finally {
      this.#pending.delete(rows);
    }
  }

  async #collect(
    images: ImageSource | readonly ImageSource[],
    output: ModelOutput,
    { signal }: PredictOptions,
  ): Promise<Float32Array | Float32Array[]> {
    const many = Array.isArray(images);
    const items = (many ? (images as readonly ImageSource[]) : [images as ImageSource]).map((source) =>
      this.#own(source),
    );
    const rows: Float32Array[] = [];
    for await (const outcomes of this.#batches(items, output, signal))
      rows.push(...outcomes.map(({ result }) => result));
    return many ? rows : (rows[0] as Float32Array);
  }

  #batches(
    items: readonly Item[],
    output: ModelOutput,
    signal: AbortSignal | undefined,
    onFailure?: (source: ImageSource, error: unknown) => void,
  ) {
    return inBatches<Item, Float32Array>(items, {
      maxBatch: this.#maxBatch,
      concurrency: decodesAtOnce,
      signal,
      prepare: (item, stop) => this.#prepare(item, stop),
      run: async (pixels, size, stop) => {
        const data = await this.run(pixels, { signal: stop, output });
        const width = data.length / size;
        return Array.from({ length: size }, (_, i) => data.slice(i * width, (i + 1) * width));
      },
      ...(onFailure === undefined ? {} : { onFailure: (item: Item, error: unknown) => onFailure(item.source, error) }),
    });
  }

  #own(source: ImageSource): Item {
    try {
      return { source, owned: ownSource(source, this.#decode), error: null };
    } catch (error) {
      return { source, owned: null, error };
    }
  }

  /** Decodes and preprocesses one image: float32 [height, width, 3]. */
  async #prepare({ owned, error }: Item, signal: AbortSignal | undefined): Promise<Float32Array> {
    if (owned === null) throw error;
    const image = await decodeOwned(owned, { ...this.#decode, ...(signal === undefined ? {} : { signal }) });
    return loadAddon().preprocess(this.preprocessing, [image]);
  }
}

/** @throws ArgumentError for options that a method does not have */
function checked<T extends object>(method: string, options: T, names: readonly (keyof T & string)[]): T {
  if (typeof options !== 'object' || options === null)
    throw new ArgumentError(`${method}: expected options, received ${describe(options)}.`);
  const unknown = Object.keys(options).find((key) => !(names as readonly string[]).includes(key));
  if (unknown !== undefined) throw new ArgumentError(`${method} has no option ${unknown}; it has ${names.join(', ')}.`);
  return options;
}
