/** What is seen of a training while it goes on. */
import type { TrainerStep } from '../../trainer/index.js';
import { type CliIo, say } from '../io.js';
import { duration } from '../progress.js';

/** How much of the loss and of the speed that are shown is that of earlier steps. */
const smoothing = 0.95;
const redraw = 200;
const clearLine = '\r\u001b[K';

/** On a terminal one line that changes, elsewhere a line every few steps. */
export class ProgressLine {
  readonly #io: CliIo;
  readonly #every: number;
  #loss = 0;
  #secondsPerStep = 0;
  #weight = 0;
  #drawn = 0;

  constructor(io: CliIo, every: number) {
    this.#io = io;
    this.#every = every;
  }

  step(step: TrainerStep, imagesPerStep: number): void {
    this.#weight = smoothing * this.#weight + 1 - smoothing;
    this.#loss += (1 - smoothing) * (step.loss - this.#loss);
    this.#secondsPerStep += (1 - smoothing) * (imagesPerStep / step.imagesPerSecond - this.#secondsPerStep);
    const text = this.#text(step, imagesPerStep);
    if (this.#io.err.isTTY !== true) {
      if (step.step % this.#every === 0) say(this.#io, text);
    } else if (performance.now() - this.#drawn >= redraw) {
      this.#drawn = performance.now();
      this.#io.err.write(clearLine + text);
    }
  }

  /** Writes a line above. */
  say(text: string): void {
    if (this.#io.err.isTTY === true) this.#io.err.write(clearLine);
    say(this.#io, text);
  }

  #text({ step, steps, epoch, learningRate }: TrainerStep, imagesPerStep: number): string {
    const [loss, seconds] = [this.#loss / this.#weight, this.#secondsPerStep / this.#weight];
    const isEndless = steps > 2 ** 39;
    return [
      isEndless ? `step ${step}` : `step ${step}/${steps}`,
      `epoch ${epoch.toFixed(2)}`,
      `loss ${loss.toFixed(4)}`,
      `rate ${learningRate.toPrecision(3)}`,
      `${(imagesPerStep / seconds).toFixed(1)} images/s`,
      ...(isEndless ? [] : [`${duration(1000 * seconds * (steps - step))} left`]),
    ].join(', ');
  }
}
