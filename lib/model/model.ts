import { describe, type TypedArray } from '../core/dtype.js';
import type { Tensor } from '../core/graph.js';
import { checkSignal, type Defaults, defined, type WithDefaults, withDefaults } from '../core/options.js';
import type { ComputePrecision } from '../core/precision.js';
import { ImageLoader, type Item } from '../data/image_loader.js';
import type { ImageSource } from '../data/image_source.js';
import type { PreprocessingSpec } from '../data/preprocessing.js';
import type { RawImage } from '../data/raw_image.js';
import { ArgumentError, ExecutionError, spelledInCode, spelling } from '../errors.js';
import type { CalibrateOptions, Calibration } from '../runtime/precision/calibration.js';
import { deviceNamed, instructionSet } from '../runtime/precision/device.js';
import type { PrecisionCost, PrecisionReport } from '../runtime/precision/precision_report.js';
import { SignalListeners } from '../runtime/session/cancellation.js';
import type { Session, SessionStats } from '../runtime/session/session.js';
import type { NetworkEntry } from '../slim/nets/registry.js';
import { compareLogits, logitRows } from './accuracy.js';
import { batchSizeFor, batchSizesUpTo } from './batch_sizes.js';
import { systemClock } from './batcher/clock.js';
import { DynamicBatcher } from './batcher/dynamic_batcher.js';
import { type Batching, checkPriority, checkTimeout } from './batching.js';
import { concatenate } from './concatenate.js';
import type {
  AbortOptions,
  ClassifyOptions,
  InferOptions,
  ModelInput,
  ModelParts,
  ModelStats,
  Outcome,
  OutputRows,
  PredictOptions,
  StepTime,
  StreamOptions,
  WarmupModelOptions,
} from './model_types.js';
import { type ModelOutput, modelOutputs, type NetworkGraph, outputOf } from './network_graph.js';
import { anyNotFinite, notFiniteError, notFiniteVariable } from './not_finite.js';
import { inPieces } from './pieces.js';
import { type Prediction, topPredictions } from './predictions.js';
import type { WeightsReport } from './weights/weights_report.js';

export type * from './model_types.js';

/** Runs that a session computes at the same time whenever there are so many. */
function runsAtOnce({ mode, executors }: SessionStats): number {
  return mode === 'throughput' ? executors.reduce((sum, { count }) => sum + count, 0) : 1;
}

const predictDefaults = {
  signal: undefined,
  timeoutMs: undefined,
  priority: undefined,
} satisfies Defaults<PredictOptions>;
const classifyDefaults = { topK: undefined, ...predictDefaults } satisfies Defaults<ClassifyOptions>;
const inferDefaults = { outputs: undefined, ...predictDefaults } satisfies Defaults<InferOptions>;
const streamDefaults = { signal: undefined, onFailure: undefined } satisfies Defaults<StreamOptions>;
const warmupDefaults = {
  batchSizes: undefined,
  outputs: undefined,
  signal: undefined,
} satisfies Defaults<WarmupModelOptions>;

/** How hints name options to those who call a model: most are options of `loadModel`. */
export const modelSpelling = spelledInCode({
  timeoutMs: 'timeoutMs',
  'batching.queueLimit': 'batching.queueLimit of loadModel',
  maxPixels: 'decode.maxPixels of loadModel',
  timeoutSeconds: 'decode.timeoutSeconds of loadModel',
});

function setOf(outputs: readonly ModelOutput[]): OutputSet {
  return modelOutputs.filter((output) => outputs.includes(output)).join();
}

function outputsOf(set: OutputSet): readonly ModelOutput[] {
  return set.split(',') as ModelOutput[];
}

/** Gives images that nobody else can change. */
type Copies = () => readonly Item[];

/** Outputs that are computed by one run, as one text: `logits` or `logits,features`, in the order of `modelOutputs`. */
type OutputSet = string;

/** What an image has of each output of a set. */
type Rows = readonly Float32Array[];

/** Images that run at once in a calibration. */
const calibrationBatch = 8;

/**
 * A network with weights, preprocessing and labels; `loadModel` makes it. Images may be paths, encoded bytes or raw pixels; bytes
 * and pixels are copied before a call returns, so the caller may change them at once. Results keep the order of the images.
 *
 * Calls of `classify`, `embed`, `logits` and `stream` that meet share batches (docs/serving.md): a server calls them once for each
 * request.
 */
export class Model {
  readonly name: string;
  /** Classes of the logits; 0 where the weights have none, and the model gives features alone. */
  readonly numClasses: number;
  /** Where the weights come from, and how they were taken; null for fresh ones. */
  readonly weights: WeightsReport | null;
  /** Names of the classes, or null. */
  readonly labels: readonly string[] | null;
  /** What is added to an index to get its number in lists of 1001 classes, where 0 is the background. */
  readonly labelOffset: number;
  readonly preprocessing: PreprocessingSpec;
  /** The session underneath, for everything that a model does not offer. */
  readonly session: Session;
  readonly #outputs: NetworkGraph['outputs'];
  readonly #batching: Batching;
  readonly #images: ImageLoader;
  readonly #runsAtOnce: number;
  readonly #batcher: DynamicBatcher<OutputSet, Float32Array, Rows>;
  readonly #signals = new SignalListeners();
  readonly #pending = new Set<Promise<unknown>>();
  /** Which variable is to blame for results that are no numbers, once it was looked for. */
  #notFinite: { readonly variable: string | null } | undefined;
  #closing = false;

  /** @internal */
  constructor(
    entry: Pick<NetworkEntry, 'name' | 'labelOffset'>,
    session: Session,
    outputs: NetworkGraph['outputs'],
    parts: ModelParts,
  ) {
    this.name = entry.name;
    this.session = session;
    this.#outputs = outputs;
    this.labels = parts.labels;
    this.labelOffset = entry.labelOffset;
    this.numClasses = parts.numClasses;
    this.weights = parts.weights;
    this.preprocessing = parts.preprocessing;
    this.#batching = parts.batching;
    this.#images = new ImageLoader(parts.preprocessing, { ...parts.images, spelling: modelSpelling });
    this.#runsAtOnce = runsAtOnce(session.stats());
    this.#batcher = new DynamicBatcher({
      ...parts.batching,
      runsAtOnce: this.#runsAtOnce,
      run: (set, images, signal) => this.#runBatch(set, images, signal),
    });
  }

  /**
   * The most probable classes of an image, or of each of several.
   * @throws ImageError, ArgumentError; CheckpointError for weights without logits; ExecutionError when too many images wait or the time
   * limit cannot be met (ERR_QUEUE_FULL, with `retryAfterMs`), the time limit is over (ERR_ABORTED), the model is disposed (ERR_DISPOSED), or the network gives NaN
   * (ERR_EXECUTION, with the variable that is to blame); the signal's reason when aborted
   */
  classify(image: ModelInput, options?: ClassifyOptions): Promise<Prediction[]>;
  classify(images: readonly ModelInput[], options?: ClassifyOptions): Promise<Prediction[][]>;
  async classify(
    images: ModelInput | readonly ModelInput[],
    options: ClassifyOptions = {},
  ): Promise<Prediction[] | Prediction[][]> {
    const { topK = Math.min(5, this.numClasses), ...rest } = checked('classify', options, classifyDefaults);
    this.#assertOpen();
    this.#tensor('predictions');
    this.#checkTopK(topK);
    const rows = await this.#rows(images, 'predictions', rest);
    return Array.isArray(rows) ? rows.map((row) => this.top(row, topK)) : this.top(rows, topK);
  }

  /**
   * The globally pooled features of an image, or of each of several: 2048 values of the residual networks, 512 of those of basic
   * units, 4096 (fc7) of VGG.
   */
  embed(image: ModelInput, options?: PredictOptions): Promise<Float32Array>;
  embed(images: readonly ModelInput[], options?: PredictOptions): Promise<Float32Array[]>;
  async embed(
    images: ModelInput | readonly ModelInput[],
    options: PredictOptions = {},
  ): Promise<Float32Array | Float32Array[]> {
    return this.#rows(images, 'features', checked('embed', options, predictDefaults));
  }

  /** The logits of an image, or of each of several. */
  logits(image: ModelInput, options?: PredictOptions): Promise<Float32Array>;
  logits(images: readonly ModelInput[], options?: PredictOptions): Promise<Float32Array[]>;
  async logits(
    images: ModelInput | readonly ModelInput[],
    options: PredictOptions = {},
  ): Promise<Float32Array | Float32Array[]> {
    return this.#rows(images, 'logits', checked('logits', options, predictDefaults));
  }

  /**
   * Several outputs of images, from one run: what a server computes that does not know what its clients want. Calls that ask for
   * the same outputs share batches.
   * @returns a row of each output for each image
   */
  async infer(images: readonly ModelInput[], options: InferOptions = {}): Promise<OutputRows[]> {
    const { outputs, ...rest } = checked('infer', options, inferDefaults);
    this.#assertOpen();
    const wanted = chosen('outputs', outputs, this.outputs);
    if (!Array.isArray(images)) throw new ArgumentError(`infer: expected a list, received ${describe(images)}.`);
    const set = setOf(wanted);
    const names = outputsOf(set);
    const rows = await this.#following(this.#collect(images, set, rest));
    return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])) as OutputRows);
  }

  /** The outputs that there are: features alone where the weights have no logits. */
  get outputs(): readonly ModelOutput[] {
    return modelOutputs.filter((output) => this.#outputs[output] !== undefined);
  }

  /** @internal What the outputs are in the session's graph, for what is built upon them. */
  get tensors(): NetworkGraph['outputs'] {
    return this.#outputs;
  }

  /** Values of an output for one image: the classes of logits and predictions, the depth of features. @throws CheckpointError */
  outputSize(output: ModelOutput): number {
    return this.#tensor(output).shape.at(-1) as number;
  }

  /**
   * What a call of so many images would hear at this moment, for servers that decide before they read a body: null, or the error with
   * `retryAfterMs` that refuses it.
   */
  refusal(
    outputs: readonly ModelOutput[],
    count: number,
    { timeoutMs, priority }: PredictOptions,
  ): ExecutionError | null {
    if (this.#closing) return disposedError();
    const limit = timeoutMs ?? this.#batching.timeoutMs;
    return this.#batcher.refusal(setOf(outputs), count, limit, priority);
  }

  /**
   * One output of many images as it comes, a batch at a time: rows of logits, of class probabilities, or of features. The images may be
   * a list or an iterable, such as an asynchronous generator that finds or downloads them. It is read as the work goes: however many
   * images there are and however slowly the results are taken, two batches of them, in mode `throughput` two for each thread, are in
   * memory, and of an iterable's own items as many as make the next batch. Bytes and pixels are copied when their batch is begun, and
   * must stay as they are until then.
   * @throws like `classify`, and what the iterable throws once the images before it were handed out; ArgumentError for what is no
   *   list or iterable
   */
  async *stream<T extends ModelInput = ImageSource>(
    sources: Iterable<T> | AsyncIterable<T>,
    output: ModelOutput,
    options: StreamOptions<T> = {},
  ): AsyncGenerator<Outcome<T, Float32Array>> {
    const { signal, onFailure } = checked('stream', options, streamDefaults);
    this.#assertOpen();
    this.#tensor(output);
    checkIterable(sources);
    const failed = onFailure as StreamOptions<ModelInput>['onFailure'];
    const outcomes = this.#outcomes(sources, output, { signal }, (piece) => this.#copies(piece), failed);
    for await (const some of outcomes)
      for (const { item, result } of some) yield { item: item as T, result: result[0] as Float32Array };
  }

  /**
   * One output of some images that share their batches with no others: the same images give the same bits whatever else is computed, and
   * whenever (on the same processor, with the same number of threads). `stream` is as fast for less than full batches, and gives no such
   * promise.
   * @returns for each image its row, or the error of one that cannot be read, or of which the network makes NaN
   * @throws what the run throws; the signal's reason when aborted
   */
  async runAlone(
    images: readonly ImageSource[],
    output: ModelOutput,
    { signal }: AbortOptions = {},
  ): Promise<PromiseSettledResult<Float32Array>[]> {
    this.#assertOpen();
    this.#tensor(output);
    const items = images.map((source) => this.#images.own(source));
    const settled = new Map<Item, PromiseSettledResult<Float32Array>>();
    const fail = (item: Item, error: unknown) => void settled.set(item, { status: 'rejected', reason: error });
    const prepared = await spelling(modelSpelling, () => this.#images.prepare(items, signal, fail));
    for (let from = 0; from < prepared.length; ) {
      const some = prepared.slice(from, from + batchSizeFor(prepared.length - from, this.#batching.maxBatchSize));
      from += some.length;
      const pixels = some.map((each) => each.pixels);
      const [rows] = (await this.#compute(pixels, output, { signal, borrowed: true })) as [Float32Array];
      const width = rows.length / some.length;
      for (const [i, { item }] of some.entries()) {
        const row = rows.slice(i * width, (i + 1) * width);
        if (output !== 'logits' && anyNotFinite(row)) fail(item, this.#notFiniteError(output));
        else settled.set(item, { status: 'fulfilled', value: row });
      }
    }
    return items.map((item) => settled.get(item) as PromiseSettledResult<Float32Array>);
  }

  /** The `topK` largest of a row of class probabilities, with their labels. @throws ArgumentError */
  top(probabilities: Float32Array, topK: number): Prediction[] {
    this.#checkTopK(topK);
    if (anyNotFinite(probabilities))
      throw new ArgumentError('top: expected probabilities, received values that are NaN or infinite.');
    return topPredictions(probabilities, this.labels, topK);
  }

  /**
   * @internal Whether there is such an output, asked before the work for it begins.
   * @throws CheckpointError where the weights have no logits
   */
  assertOutput(output: ModelOutput): void {
    this.#tensor(output);
  }

  /** Values of a row of an output. @throws CheckpointError where the weights have no logits */
  widthOf(output: ModelOutput): number {
    return this.#tensor(output).shape.reduce<number>((width, size) => width * (size ?? 1), 1);
  }

  /** @internal How calls share batches. */
  get batching(): Readonly<Batching> {
    return this.#batching;
  }

  /** What the model computes with; what `auto` came to. */
  get precision(): ComputePrecision {
    return this.session.precision;
  }

  /** Why it is that precision, what it costs where that was measured for this model, and how to measure it where not. */
  get precisionReport(): PrecisionReport {
    return this.session.precisionReport;
  }

  /**
   * How close this model's logits are to another's for the same images. Beside the same model in float32 that is what the
   * precision costs, for images that it was not calibrated with: `costs` of a calibration takes it as it is.
   * @throws ArgumentError for no images, or another number of classes; else like `logits`
   */
  async compareWith(
    other: Model,
    images: readonly ImageSource[],
    options: PredictOptions = {},
  ): Promise<PrecisionCost> {
    if (!(other instanceof Model))
      throw new ArgumentError(`compareWith: expected another model, received ${describe(other)}.`);
    if (!Array.isArray(images) || images.length === 0)
      throw new ArgumentError(`compareWith: expected a list of images, received ${describe(images)}.`);
    const actual = await this.logits(images, options);
    const expected = await other.logits(images, options);
    const instructions = instructionSet(deviceNamed(this.session.device).features);
    return { ...compareLogits(logitRows(actual), logitRows(expected)), instructions };
  }

  /**
   * Looks at images like those that the model will see, in float32, and gives the ranges of all values: what `loadModel` needs
   * for precision int8. A hundred to some hundred are enough.
   * @throws ImageError of the earliest bad image; else like `Session.calibrate`
   */
  async calibrate(sources: readonly ImageSource[], options: CalibrateOptions = {}): Promise<Calibration> {
    const { logits, features } = this.#outputs;
    return this.session.calibrate(
      defined({ logits, features }),
      this.#calibrationBatches(sources, options.signal),
      options,
    );
  }

  async *#calibrationBatches(
    sources: readonly ImageSource[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<{ images: Float32Array }> {
    for (let from = 0; from < sources.length; from += calibrationBatch) {
      const batch = sources.slice(from, from + calibrationBatch);
      yield { images: await this.preprocess(batch, { signal }) };
    }
  }

  /** Decodes one image with this model's decode options. */
  async decode(source: ImageSource, { signal }: AbortOptions = {}): Promise<RawImage> {
    return this.#images.decode(source, signal);
  }

  /** The network's input for some images: float32 [images, height, width, 3]. @throws ImageError of the earliest bad image */
  async preprocess(sources: readonly ImageSource[], { signal }: AbortOptions = {}): Promise<Float32Array> {
    return concatenate(await this.#images.pixels(sources, signal));
  }

  /**
   * One output for preprocessed pixels, float32 [images, height, width, 3] in one array or several that follow one another: the
   * network alone, in a batch of its own.
   * @returns the rows of all images, one after another
   */
  async run(
    pixels: Float32Array | readonly Float32Array[],
    { output = 'logits', ...options }: PredictOptions & { readonly output?: ModelOutput } = {},
  ): Promise<Float32Array> {
    this.#tensor(output);
    return (await this.#compute(pixels, output, options))[0] as Float32Array;
  }

  /**
   * Makes the first calls as fast as later ones: loads the image decoder, compiles the network for each size of batches and each
   * output, and runs it once on zeros. Without options that is three outputs of six sizes: name those that will be used.
   * @throws ArgumentError for sizes and outputs that never run; what `session.warmup` throws
   */
  async warmup(options: WarmupModelOptions = {}): Promise<void> {
    const { batchSizes, outputs, signal } = checked('warmup', options, warmupDefaults);
    this.#assertOpen();
    const sizes = chosen('batchSizes', batchSizes, batchSizesUpTo(this.#batching.maxBatchSize));
    const sets = new Set(
      (outputs ?? this.outputs).map((one) =>
        setOf(chosen('outputs', typeof one === 'string' ? [one] : one, this.outputs)),
      ),
    );
    await this.#images.warmup();
    const { height, width } = this.preprocessing;
    const shapes = sizes.map((size) => ({ images: [size, height, width, 3] }));
    for (const set of sets) await this.session.warmup(this.#fetches(set), defined({ shapes, signal }));
  }

  /**
   * What each step of the network takes for a batch, measured in one run on zeros with all outputs, which waits for its turn as any other.
   * @param images a size of batches that occurs: a power of two, or `batching.maxBatchSize` @throws ArgumentError; what `Session.run` throws
   */
  async profile(images = 1): Promise<StepTime[]> {
    this.#assertOpen();
    const [size] = chosen('images', [images], batchSizesUpTo(this.#batching.maxBatchSize)) as [number];
    const { height, width } = this.preprocessing;
    const shape = [size, height, width, 3];
    const fetches = this.#fetches(setOf(this.outputs));
    const zeros = new Float32Array(size * height * width * 3);
    await this.session.run({ images: zeros }, fetches, { profile: true });
    const { steps } = await this.session.report(fetches, { shapes: { images: shape } });
    return steps.map(({ op, node, implementation, nanoseconds }) => ({
      ...{ op, node, implementation, milliseconds: nanoseconds / 1e6 },
    }));
  }

  /** Bytes and counters of the session, and counters of the batches. */
  stats(): ModelStats {
    return { ...this.session.stats(), batching: this.#batcher.stats() };
  }

  /** Frees native memory now. Calls that have not ended are rejected with ERR_DISPOSED. */
  dispose(): void {
    this.#closing = true;
    this.#batcher.dispose(disposedError());
    this.session.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Takes no more calls, waits for those that were accepted, then frees. Of streams it waits only for the batches that have been
   * begun: whoever reads them may never go on.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await Promise.allSettled(this.#pending);
    await this.#batcher.close(disposedError());
    await this.session[Symbol.asyncDispose]();
  }

  #checkTopK(topK: number): void {
    if (!Number.isInteger(topK) || topK < 1 || topK > this.numClasses) {
      throw new ArgumentError(`topK: expected 1 to ${this.numClasses}, received ${describe(topK)}.`);
    }
  }

  #assertOpen(): void {
    if (this.#closing) throw disposedError();
  }

  #tensor(output: ModelOutput): Tensor {
    if (!modelOutputs.includes(output))
      throw new ArgumentError(`output: expected ${modelOutputs.join(', ')}, received ${describe(output)}.`);
    return outputOf(this.#outputs, output, this.weights?.path);
  }

  /** Always under the same names: other names would be other programs. */
  #fetches(set: OutputSet): Record<string, Tensor> {
    return Object.fromEntries(outputsOf(set).map((output) => [output, this.#tensor(output)]));
  }

  async #rows(
    images: ModelInput | readonly ModelInput[],
    output: ModelOutput,
    options: PredictOptions,
  ): Promise<Float32Array | Float32Array[]> {
    this.#assertOpen();
    this.#tensor(output);
    const many = Array.isArray(images);
    const sources = many ? (images as readonly ModelInput[]) : [images as ModelInput];
    const all = (await this.#following(this.#collect(sources, output, options))).map(([row]) => row as Float32Array);
    return many ? all : (all[0] as Float32Array);
  }

  /** Keeps a call in mind, for those who wait for the end of all. */
  async #following(rows: Promise<Rows[]>): Promise<Rows[]> {
    this.#pending.add(rows);
    try {
      return await spelling(modelSpelling, () => rows);
    } finally {
      this.#pending.delete(rows);
    }
  }

  async #collect(sources: readonly ModelInput[], output: OutputSet, options: PredictOptions): Promise<Rows[]> {
    const rows: Rows[] = [];
    const { signal, timeoutMs = this.#batching.timeoutMs, priority } = options;
    // All of the list is copied once its first piece was taken: refusing costs nothing.
    const all = this.#copies(sources);
    let taken = 0;
    const own = (piece: readonly ModelInput[]): Copies => {
      const from = taken;
      taken += piece.length;
      return () => all().slice(from, from + piece.length);
    };
    for await (const outcomes of this.#outcomes(sources, output, { signal, timeoutMs, priority }, own))
      rows.push(...outcomes.map(({ result }) => result));
    return rows;
  }

  /** Makes copies of what a caller may change, at the first call. */
  #copies(sources: readonly ModelInput[]): Copies {
    let items: readonly Item[] | undefined;
    return () => {
      items ??= sources.map((source) => this.#images.own(source));
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
    output: OutputSet,
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
          const prepared = await this.#images.prepare(copies(), gone, failed);
          done = prepared.map(({ item }) => item.source);
          return prepared.map(({ pixels }) => pixels);
        };
        const rows = this.#batcher.submit({
          ...{ key: output, count: piece.length, prepare, ...defined({ follow: left }) },
          ...{ signal: stop, timeoutMs, since, continues: !first, ...defined({ priority }) },
        });
        copies();
        return rows.then((all) =>
          this.#finite(
            all.map((result, i) => ({ item: done[i] as ModelInput, result })),
            output,
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
      const error = this.#notFiniteError(outputs[bad] as ModelOutput);
      if (onFailure === undefined) throw error;
      onFailure(item, error);
      return false;
    });
  }

  #notFiniteError(output: ModelOutput): ExecutionError {
    this.#notFinite ??= { variable: notFiniteVariable(this.session) };
    return notFiniteError(this.name, output, this.#notFinite.variable);
  }

  async #compute(
    pixels: Float32Array | readonly Float32Array[],
    set: OutputSet,
    { signal, timeoutMs, borrowed = false }: PredictOptions & { readonly borrowed?: boolean },
  ): Promise<Rows> {
    const options = defined({ signal, timeoutMs, borrowed });
    const results: Readonly<Record<string, { readonly data: TypedArray }>> = await spelling(modelSpelling, () =>
      this.session.run({ images: pixels }, this.#fetches(set), options),
    );
    return outputsOf(set).map((output) => results[output]?.data as Float32Array);
  }

  async #runBatch(set: OutputSet, images: readonly Float32Array[], signal: AbortSignal): Promise<Rows[]> {
    // Nobody else has what the preprocessing made.
    const all = await this.#compute(images, set, { signal, borrowed: true });
    if (images.length === 1) return [all];
    return images.map((_, i) =>
      all.map((data) => {
        const width = data.length / images.length;
        return data.slice(i * width, (i + 1) * width);
      }),
    );
  }
}

/** @throws ArgumentError for a single image, or what else `stream` cannot go through */
function checkIterable(sources: unknown): void {
  const wrong = typeof sources !== 'object' || sources === null || ArrayBuffer.isView(sources);
  if (wrong || !(Symbol.iterator in sources || Symbol.asyncIterator in sources))
    throw new ArgumentError(`stream: expected a list or an iterable of images, received ${describe(sources)}.`, {
      hint: 'one image is [image].',
    });
}

function disposedError(): ExecutionError {
  return new ExecutionError('The model was disposed.', { code: 'ERR_DISPOSED' });
}

/** What an option names out of all that there is. @throws ArgumentError */
function chosen<T>(name: string, wanted: readonly T[] | undefined, all: readonly T[]): readonly T[] {
  if (wanted === undefined) return all;
  if (!Array.isArray(wanted) || wanted.length === 0 || !wanted.every((value) => all.includes(value)))
    throw new ArgumentError(`${name}: expected some of ${all.join(', ')}, received ${describe(wanted)}.`);
  return [...new Set(wanted as readonly T[])];
}

/** Options of a method, complete. @throws ArgumentError */
function checked<T extends AbortOptions, D extends Defaults<T>>(
  method: string,
  options: T,
  defaults: D,
): WithDefaults<T, D> {
  const complete = withDefaults(method, options, defaults);
  const { signal, timeoutMs, priority } = complete as PredictOptions;
  checkSignal(method, signal);
  checkTimeout(method, timeoutMs);
  checkPriority(method, priority);
  return complete;
}
