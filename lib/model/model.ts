import { describe } from '../core/dtype.js';
import { checkBoolean, defined } from '../core/options.js';
import type { ComputePrecision } from '../core/precision.js';
import { ImageLoader } from '../data/image_loader.js';
import type { ImageSource } from '../data/image_source.js';
import type { PreprocessingSpec } from '../data/preprocessing.js';
import type { RawImage } from '../data/raw_image.js';
import { ArgumentError, ExecutionError } from '../errors.js';
import type { CalibrateOptions, Calibration } from '../runtime/precision/calibration.js';
import { deviceNamed, instructionSet } from '../runtime/precision/device.js';
import type { PrecisionCost, PrecisionReport } from '../runtime/precision/precision_report.js';
import type { Session, SessionStats } from '../runtime/session/session.js';
import type { NetworkEntry } from '../slim/nets/registry.js';
import { compareLogits, logitRows } from './accuracy.js';
import { batchSizesUpTo } from './batch_sizes.js';
import type { Batching } from './batching.js';
import {
  checked,
  checkIterable,
  chosen,
  classifyDefaults,
  inferDefaults,
  modelSpelling,
  predictDefaults,
  streamDefaults,
  warmupDefaults,
} from './call_options.js';
import { concatenate } from './concatenate.js';
import { ImageCalls } from './image_calls.js';
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
import { type ModelOutput, modelOutputs, type NetworkGraph } from './network_graph.js';
import { NetworkRuns } from './network_runs.js';
import { anyNotFinite } from './not_finite.js';
import { outputsOf, setOf } from './output_sets.js';
import { type Prediction, topPredictions } from './predictions.js';
import type { WeightsReport } from './weights/weights_report.js';

export type * from './model_types.js';

/** Runs that a session computes at the same time whenever there are so many. */
function runsAtOnce({ mode, executors }: SessionStats): number {
  return mode === 'throughput' ? executors.reduce((sum, { count }) => sum + count, 0) : 1;
}

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
  readonly #network: NetworkRuns;
  readonly #calls: ImageCalls;
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
    this.#network = new NetworkRuns(entry.name, session, outputs, parts.weights?.path);
    this.#calls = new ImageCalls({
      ...{ batching: parts.batching, images: this.#images, network: this.#network },
      runsAtOnce: runsAtOnce(session.stats()),
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
    this.#network.tensor('predictions');
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
    checkBoolean('infer', 'borrowed', rest.borrowed);
    this.#assertOpen();
    const wanted = chosen('outputs', outputs, this.outputs);
    if (!Array.isArray(images)) throw new ArgumentError(`infer: expected a list, received ${describe(images)}.`);
    const set = setOf(wanted);
    const names = outputsOf(set);
    const rows = await this.#calls.list(images, set, rest);
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
    return this.#network.tensor(output).shape.at(-1) as number;
  }

  /**
   * What a call of so many images would hear at this moment, for servers that decide before they read a body: null, or the error with
   * `retryAfterMs` that refuses it.
   */
  refusal(outputs: readonly ModelOutput[], count: number, options: PredictOptions): ExecutionError | null {
    return this.#closing ? disposedError() : this.#calls.refusal(setOf(outputs), count, options);
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
    this.#network.tensor(output);
    checkIterable(sources);
    const failed = onFailure as StreamOptions<ModelInput>['onFailure'];
    for await (const some of this.#calls.stream(sources, output, signal, failed))
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
    this.#network.tensor(output);
    return this.#calls.alone(images, output, signal);
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
    this.#network.tensor(output);
  }

  /** Values of a row of an output. @throws CheckpointError where the weights have no logits */
  widthOf(output: ModelOutput): number {
    return this.#network.tensor(output).shape.reduce<number>((width, size) => width * (size ?? 1), 1);
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
    this.#network.tensor(output);
    return (await this.#network.compute(pixels, output, options))[0] as Float32Array;
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
    for (const set of sets) await this.session.warmup(this.#network.fetches(set), defined({ shapes, signal }));
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
    const fetches = this.#network.fetches(setOf(this.outputs));
    const zeros = new Float32Array(size * height * width * 3);
    await this.session.run({ images: zeros }, fetches, { profile: true });
    const { steps } = await this.session.report(fetches, { shapes: { images: shape } });
    return steps.map(({ op, node, implementation, nanoseconds }) => ({
      ...{ op, node, implementation, milliseconds: nanoseconds / 1e6 },
    }));
  }

  /** Bytes and counters of the session, and counters of the batches. */
  stats(): ModelStats {
    return { ...this.session.stats(), batching: this.#calls.stats() };
  }

  /** Frees native memory now. Calls that have not ended are rejected with ERR_DISPOSED. */
  dispose(): void {
    this.#closing = true;
    this.#calls.dispose(disposedError());
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
    await this.#calls.close(disposedError());
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

  async #rows(
    images: ModelInput | readonly ModelInput[],
    output: ModelOutput,
    options: PredictOptions,
  ): Promise<Float32Array | Float32Array[]> {
    this.#assertOpen();
    this.#network.tensor(output);
    const many = Array.isArray(images);
    const sources = many ? (images as readonly ModelInput[]) : [images as ModelInput];
    const all = (await this.#calls.list(sources, output, options)).map(([row]) => row as Float32Array);
    return many ? all : (all[0] as Float32Array);
  }
}

function disposedError(): ExecutionError {
  return new ExecutionError('The model was disposed.', { code: 'ERR_DISPOSED' });
}
