/** Checkpoints that are written while training goes on. */
import { join } from 'node:path';
import type { CheckpointEntry } from '../checkpoint/index.js';
import type { Variable } from '../core/graph.js';
import type { Saver, Session } from '../runtime/index.js';
import { stepOf } from './train_step.js';

/** The checkpoints of one training run, `<folder>/model.ckpt-<global step>`: one is written at a time. */
export class BackgroundSaves {
  readonly #session: Session;
  readonly #saver: Saver;
  readonly #prefix: string;
  readonly #globalStep: Variable;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #tensors: () => readonly CheckpointEntry[];
  #running: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #lastStart = 0;

  /**
   * @param onError told of a checkpoint that could not be written, and training goes on; without it, training ends
   * @param tensors what a checkpoint that is begun now holds besides the variables
   */
  constructor(
    session: Session,
    saver: Saver,
    folder: string,
    globalStep: Variable,
    onError: ((error: unknown) => void) | undefined,
    tensors: () => readonly CheckpointEntry[] = () => [],
  ) {
    this.#session = session;
    this.#saver = saver;
    this.#prefix = join(folder, 'model.ckpt');
    this.#globalStep = globalStep;
    this.#onError = onError;
    this.#tensors = tensors;
  }

  /** Begins to write the values that the variables have now; does nothing while an earlier checkpoint is being written. */
  begin(): void {
    if (this.#running !== null) return;
    this.#lastStart = performance.now();
    const saving = this.#saver.save(this.#session, this.#prefix, {
      globalStep: stepOf(this.#session, this.#globalStep),
      tensors: this.#tensors(),
    });
    this.#running = saving
      .then(
        () => {},
        (error: unknown) => {
          if (this.#onError === undefined) this.#failure = { error };
          else this.#onError(error);
        },
      )
      .finally(() => {
        this.#running = null;
      });
  }

  /** Begins when the last one was begun this many seconds ago. @throws what the last one failed with */
  beginAfter(seconds: number): void {
    this.#throwFailure();
    if (performance.now() - this.#lastStart >= seconds * 1000) this.begin();
  }

  /** Waits for what is being written. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Writes the values that the variables have now, and waits for it. @throws what it, or one before, failed with */
  async finish(): Promise<void> {
    await this.#running;
    this.#throwFailure();
    this.begin();
    await this.#running;
    this.#throwFailure();
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure.error;
  }
}
