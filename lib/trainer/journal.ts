/** What a training writes down of itself: the record of the run, and event files for TensorBoard. */
import { type EndLine, type RunLine, RunRecorder } from '../report/index.js';
import { type EncodedImage, SummaryWriter } from '../summaries/index.js';
import type { EvaluationReport, TrainerStep } from './reports.js';

/** A training's record; without a folder it writes nothing. */
export class Journal {
  readonly #recorder: RunRecorder | null;
  readonly #events: SummaryWriter | null;
  readonly #every: number;
  #since: TrainerStep[] = [];

  private constructor(recorder: RunRecorder | null, events: SummaryWriter | null, every: number) {
    this.#recorder = recorder;
    this.#events = events;
    this.#every = every;
  }

  /** @param every steps of a line. @throws OutputError where the folder cannot be written */
  static async open(folder: string | undefined, run: RunLine, every: number): Promise<Journal> {
    if (folder === undefined) return new Journal(null, null, every);
    const recorder = await RunRecorder.open(folder);
    recorder.add(run);
    const events = await SummaryWriter.open(folder, { startStep: run.fromStep }).catch(async (error: unknown) => {
      await recorder.close();
      throw error;
    });
    return new Journal(recorder, events, every);
  }

  /** Takes a step; a line stands for the last few. */
  step(step: TrainerStep): void {
    if (this.#recorder === null) return;
    this.#since.push(step);
    if (step.step % this.#every === 0) this.#writeSteps();
  }

  evaluation({ perClass, skipped, ...report }: EvaluationReport): void {
    this.#writeSteps();
    const { loss, step } = report;
    this.#recorder?.add({ type: 'evaluation', ...report, loss: Number.isFinite(loss) ? loss : null });
    for (const name of ['top1', 'top5', 'loss'] as const)
      this.#events?.scalar(`evaluation/${name}`, report[name], step);
  }

  skipped(name: string, reason: string): void {
    this.#recorder?.add({ type: 'skipped', name, reason });
  }

  image(tag: string, image: EncodedImage, step: number): void {
    this.#events?.image(tag, image, step);
  }

  histogram(tag: string, values: ArrayLike<number>, step: number): void {
    this.#events?.histogram(tag, values, step);
  }

  end(step: number, outcome: EndLine['outcome'], message?: string): void {
    this.#writeSteps();
    this.#recorder?.add({ type: 'end', step, outcome, ...(message === undefined ? {} : { message }) });
  }

  /** Waits until all that was taken is handed to the system. @throws OutputError where that failed */
  async flush(): Promise<void> {
    await this.#recorder?.flush();
    await this.#events?.flush();
  }

  async close(): Promise<void> {
    try {
      await this.#recorder?.close();
    } finally {
      await this.#events?.close();
    }
  }

  #writeSteps(): void {
    const steps = this.#since;
    const last = steps.at(-1);
    this.#since = [];
    if (last === undefined) return;
    const mean = (value: (step: TrainerStep) => number) =>
      steps.reduce((sum, step) => sum + value(step), 0) / steps.length;
    const { step, epoch, learningRate, seconds } = last;
    const [loss, accuracy] = [mean((each) => each.loss), mean((each) => each.accuracy)];
    // The mean of rates weighs times, not steps.
    const imagesPerSecond = 1 / mean((each) => 1 / each.imagesPerSecond);
    this.#recorder?.add({
      type: 'step',
      ...{ step, epoch, loss: Number.isFinite(loss) ? loss : null, learningRate, accuracy, imagesPerSecond, seconds },
    });
    const scalars = { loss, accuracy, learning_rate: learningRate, images_per_second: imagesPerSecond };
    for (const [tag, value] of Object.entries(scalars)) this.#events?.scalar(tag, value, step);
  }
}
