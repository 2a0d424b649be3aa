import { fstat, ftruncate, write } from 'node:fs';

/** The calls of the system that a `FileOutput` makes; tests bring their own. */
export interface FileCalls {
  readonly write: (
    fd: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ) => Promise<number>;
  readonly size: (fd: number) => Promise<number>;
  readonly truncate: (fd: number, size: number) => Promise<void>;
}

const system: FileCalls = {
  write: (fd, bytes, offset, length, position) =>
    new Promise((resolve, reject) =>
      write(fd, bytes, offset, length, position, (error, written) =>
        error === null ? resolve(written) : reject(error),
      ),
    ),
  size: (fd) =>
    new Promise((resolve, reject) =>
      fstat(fd, (error, { size } = {} as never) => (error === null ? resolve(size) : reject(error))),
    ),
  truncate: (fd, size) =>
    new Promise((resolve, reject) => ftruncate(fd, size, (error) => (error === null ? resolve() : reject(error)))),
};

/**
 * Standard output that goes into a file. A write is there whole or not at all: what a full disk has taken of one is cut off again, so that
 * the file ends with the record before it.
 */
export class FileOutput {
  readonly isTTY = false;
  readonly #fd: number;
  readonly #calls: FileCalls;
  #last: Promise<unknown> = Promise.resolve();
  /** Where the last whole write begins, and where it ends. */
  #span: readonly [from: number, to: number] | null = null;
  /** After something was cut off, the system's own position is behind the end. */
  #cut = false;

  constructor(fd: number, calls: FileCalls = system) {
    this.#fd = fd;
    this.#calls = calls;
  }

  /** Writes come one after the other. */
  write(text: string, done: (error?: Error | null) => void = () => {}): void {
    const writing = this.#last.then(() => this.#write(Buffer.from(text)));
    this.#last = writing.catch(() => undefined);
    writing.then(() => done(null), done);
  }

  /** Takes the last write back, as long as nobody else has written since. @returns whether there was one */
  async takeBack(): Promise<boolean> {
    await this.#last;
    const span = this.#span;
    if (span === null || (await this.#calls.size(this.#fd)) !== span[1]) return false;
    await this.#cutOff(span[0]);
    this.#span = null;
    return true;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const from = await this.#calls.size(this.#fd);
    let written = 0;
    try {
      while (written < bytes.length)
        written += await this.#calls.write(
          this.#fd,
          bytes,
          written,
          bytes.length - written,
          this.#cut ? from + written : null,
        );
    } catch (error) {
      // A file that has not grown by just that is also written by others, or from another place on.
      if (written > 0 && (await this.#calls.size(this.#fd)) === from + written) await this.#cutOff(from);
      throw error;
    }
    this.#span = (await this.#calls.size(this.#fd)) === from + written ? [from, from + written] : null;
  }

  async #cutOff(size: number): Promise<void> {
    await this.#calls.truncate(this.#fd, size);
    this.#cut = true;
  }
}
