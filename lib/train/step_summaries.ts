/** What Slim's training loop writes for TensorBoard: tensors of some steps, and how fast they go. */
import { describe } from '../core/dtype.js';
import { Tensor } from '../core/graph.js';
import { pictureOf } from '../data/index.js';
import { ArgumentError } from '../errors.js';
import type { TensorValue } from '../runtime/index.js';
import { SummaryWriter } from '../summaries/index.js';

/**
 * Tensors by their tags: a scalar becomes a number of a curve, images [images, height, width, 3] of float32 become pictures (three at most), anything
 * else a distribution.
 */
export type SummaryOp = Readonly<Record<string, Tensor>>;

/** Images of a batch that are shown, as TensorFlow's image summary has it. */
const mostImages = 3;

/** Summaries of some steps of a training. */
export class StepSummaries {
  /** What is fetched with a step of which a summary is written. */
  readonly fetches: SummaryOp;
  readonly #writer: SummaryWriter;
  readonly #seconds: number;
  #last = Number.NEGATIVE_INFINITY;
  #stepBefore: number | null = null;

  private constructor(writer: SummaryWriter, fetches: SummaryOp, seconds: number) {
    this.#writer = writer;
    this.fetches = fetches;
    this.#seconds = seconds;
  }

  /** @param seconds between two of them. @throws ArgumentError for what is no tensor; OutputError where no file can be made */
  static async open(folder: string, fetches: SummaryOp, startStep: number, seconds: number): Promise<StepSummaries> {
    for (const [tag, tensor] of Object.entries(fetches)) {
      if (!(tensor instanceof Tensor))
        throw new ArgumentError(`train: summaryOp: ${tag}: expected a tensor, received ${describe(tensor)}.`);
    }
    return new StepSummaries(await SummaryWriter.open(folder, { startStep }), fetches, seconds);
  }

  /** Whether one is written of the next step. */
  get isDue(): boolean {
    return performance.now() - this.#last >= this.#seconds * 1000;
  }

  /** @param values of the tensors that the step has computed. @throws ArgumentError for values of which there is no distribution */
  async write(values: Readonly<Record<string, TensorValue>> | undefined, loss: number, step: number): Promise<void> {
    const now = performance.now();
    if (this.#stepBefore !== null)
      this.#writer.scalar('global_step/sec', ((step - this.#stepBefore) * 1000) / (now - this.#last), step);
    [this.#last, this.#stepBefore] = [now, step];
    this.#writer.scalar('total_loss', loss, step);
    for (const tag of Object.keys(this.fetches)) {
      // A step function of one's own need not hand them on.
      const value = values?.[tag];
      if (value !== undefined) await this.#add(tag, value, step);
    }
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }

  async #add(tag: string, { data, shape, dtype }: TensorValue, step: number): Promise<void> {
    if (shape.length === 0) this.#writer.scalar(tag, Number(data[0]), step);
    else if (dtype === 'float32' && shape.length === 4 && shape[3] === 3) {
      const [images, height, width] = shape as [number, number, number];
      const pixels = height * width * 3;
      for (let i = 0; i < Math.min(images, mostImages); i++) {
        const image = (data as Float32Array).subarray(i * pixels, (i + 1) * pixels);
        this.#writer.image(`${tag}/image/${i}`, await pictureOf(image, height, width), step);
      }
    } else this.#writer.histogram(tag, Array.from(data as ArrayLike<number>, Number), step);
  }
}
