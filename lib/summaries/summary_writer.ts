/** Event files, which TensorBoard shows. */
import { type FileHandle, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe } from '../core/dtype.js';
import type { Graph } from '../core/graph.js';
import { makeFolder } from '../core/make_folder.js';
import { checkInteger, type Defaults, withDefaults } from '../core/options.js';
import { ArgumentError, OutputError, systemReason } from '../errors.js';
import { recordParts } from '../formats/tf_record.js';
import { histogramOf } from './histogram.js';
import { type EncodedImage, type EventContent, encodeEvent, type SummaryValue } from './messages.js';

/** How event files are written. */
export interface SummaryWriterOptions {
  /**
   * Step at which this run begins: what earlier files of the folder say of later steps is no longer shown, as it was undone. 0 unless told.
   */
  readonly startStep?: number;
  /** End of the file's name, to tell several writers of a folder apart. */
  readonly suffix?: string;
}

const where = 'SummaryWriter';
const defaults = { startStep: 0, suffix: '' } satisfies Defaults<SummaryWriterOptions>;
/** What TensorBoard reads. */
const firstVersion = 'brain.Event:2';

/**
 * Appends events to a file of its own in a folder, as TensorFlow's FileWriter does. Methods take what they are given and return at once;
 * what was taken is written in the background, in order. A kill loses what was not yet written, and readers pass over a record that is cut off.
 *
 * Where the file cannot be written (a full disk), nothing more is written, and `flush` and `close` say so.
 */
export class SummaryWriter {
  /** The file. */
  readonly path: string;
  readonly #file: FileHandle;
  readonly #pending: Uint8Array[] = [];
  #writing: Promise<void> | null = null;
  #failure: OutputError | null = null;
  #isClosed = false;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Begins a file in `folder`, which is made where there is none.
   * @throws ArgumentError for options, OutputError when it cannot be made
   */
  static async open(folder: string, options: SummaryWriterOptions = {}): Promise<SummaryWriter> {
    const { startStep, suffix } = withDefaults(where, options, defaults);
    checkInteger(where, 'startStep', startStep, 0, Number.MAX_SAFE_INTEGER);
    if (typeof folder !== 'string' || typeof suffix !== 'string')
      throw new ArgumentError(`${where}: expected a folder, received ${describe(folder)}.`);
    const [path, file] = await begin(folder, suffix);
    const writer = new SummaryWriter(path, file);
    writer.#add(0, { fileVersion: firstVersion });
    if (startStep > 0) writer.#add(startStep, { sessionStart: true });
    return writer;
  }

  /** A number, such as a loss. What is not finite is shown as a gap. @param step the global step */
  scalar(tag: string, value: number, step: number): void {
    this.#summary(tag, { scalar: value }, step);
  }

  /** The distribution of numbers, such as those of a variable. @throws ArgumentError for values that are not finite */
  histogram(tag: string, values: ArrayLike<number>, step: number): void {
    this.#summary(tag, { histogram: histogramOf(values) }, step);
  }

  /** A picture. Several of one name are told apart as `tag/image/0`, `tag/image/1`, ... */
  image(tag: string, image: EncodedImage, step: number): void {
    const { encoded, width, height } = image;
    if (!ArrayBuffer.isView(encoded))
      throw new ArgumentError(`${where}: image: expected the bytes of a PNG or JPEG, received ${describe(encoded)}.`);
    checkInteger(where, 'width', width, 1, 2 ** 31 - 1);
    checkInteger(where, 'height', height, 1, 2 ** 31 - 1);
    this.#summary(tag, { image }, step);
  }

  /** The nodes of a graph and what they read. */
  graph(graph: Graph): void {
    this.#add(0, { graph });
  }

  /** Waits until all that was taken is handed to the system. @throws OutputError where that failed */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure !== null) throw this.#failure;
  }

  /** `flush`, then synchronises and closes the file. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writing;
    await this.#attempt(() => this.#file.sync());
    await this.#file.close();
    if (this.#failure !== null) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #summary(tag: unknown, value: SummaryValue, step: unknown): void {
    if (typeof tag !== 'string' || tag === '')
      throw new ArgumentError(`${where}: expected a tag, received ${describe(tag)}.`);
    checkInteger(where, 'step', step, 0, Number.MAX_SAFE_INTEGER);
    this.#add(step, { tag, value });
  }

  #add(step: number, content: EventContent): void {
    if (this.#isClosed) throw new OutputError('The event file is closed.', { path: this.path });
    if (this.#failure !== null) return;
    this.#pending.push(...recordParts(encodeEvent(Date.now() / 1000, step, content)));
    this.#writing ??= this.#write();
  }

  /** Writes all that is there, and what comes meanwhile. */
  async #write(): Promise<void> {
    // What comes in one turn of the event loop is written at once.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0 && this.#failure === null) {
      const bytes = Buffer.concat(this.#pending.splice(0));
      await this.#attempt(() => this.#file.appendFile(bytes));
    }
    this.#writing = null;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.#pending.length = 0;
      this.#failure ??= new OutputError(`The event file cannot be written: ${systemReason(cause)}.`, {
        path: this.path,
        cause,
      });
    }
  }
}

/** A file that did not exist: `events.out.tfevents.<second>.<host>`, by which name TensorBoard finds it, and in which order. */
async function begin(folder: string, suffix: string): Promise<[path: string, file: FileHandle]> {
  const second = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
  try {
    await makeFolder(folder);
    for (let number = 0; ; number++) {
      const path = join(folder, `events.out.tfevents.${second}.${hostname()}.${process.pid}.${number}${suffix}`);
      const file = await open(path, 'ax').catch((cause) => {
        if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return null;
        throw cause;
      });
      if (file !== null) return [path, file];
    }
  } catch (cause) {
    throw new OutputError(`No event file can be made: ${systemReason(cause)}.`, { path: folder, cause });
  }
}
