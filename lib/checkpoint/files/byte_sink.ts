/** Where a writer's bytes go, and the file behind it. */
import type { FileHandle } from 'node:fs/promises';
import { systemError, throwIfAborted } from './byte_source.js';

/** Takes bytes in order. The parts may be reused when the promise has resolved. */
export interface ByteSink {
  write(parts: readonly Uint8Array[]): Promise<void>;
}

const stagingBytes = 1 << 18;
const directBytes = 1 << 16;
const maxWrite = 1 << 24;

/** A sink into an open file: small parts are gathered, large ones written as they are. */
export class FileSink implements ByteSink {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #signal: AbortSignal | undefined;
  readonly #staging = new Uint8Array(stagingBytes);
  #staged = 0;
  #written = 0;

  /** `path` is the name for messages: the file's final one. */
  constructor(handle: FileHandle, path: string, signal?: AbortSignal) {
    this.#handle = handle;
    this.#path = path;
    this.#signal = signal;
  }

  /** Bytes taken so far. */
  get bytes(): number {
    return this.#written + this.#staged;
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      if (this.#staged + part.length > stagingBytes || part.length >= directBytes) await this.flush();
      if (part.length >= directBytes) {
        await this.#writeAll(part);
      } else {
        this.#staging.set(part, this.#staged);
        this.#staged += part.length;
      }
    }
  }

  /**
   * Ends the file after `bytes` bytes, of which the first ones are replaced. That works where no space is left.
   * @param bytes at most as many as `flushed` says; what was gathered after that is forgotten
   */
  async endAt(bytes: number, head: Uint8Array): Promise<void> {
    this.#staged = 0;
    try {
      await this.#handle.truncate(bytes);
      await this.#handle.write(head, 0, head.length, 0);
      this.#written = bytes;
    } catch (cause) {
      throw systemError('The file cannot be written', this.#path, cause);
    }
  }

  /** Bytes that the system has taken. */
  get flushed(): number {
    return this.#written;
  }

  /** Hands everything gathered to the system. */
  async flush(): Promise<void> {
    const staged = this.#staging.subarray(0, this.#staged);
    this.#staged = 0;
    await this.#writeAll(staged);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      throwIfAborted(this.#signal, this.#path);
      try {
        const length = Math.min(maxWrite, bytes.length - done);
        const { bytesWritten } = await this.#handle.write(bytes, done, length, this.#written);
        done += bytesWritten;
        this.#written += bytesWritten;
      } catch (cause) {
        throw systemError('The file cannot be written', this.#path, cause, this.#written);
      }
    }
  }
}
