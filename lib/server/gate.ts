/** How many requests, and bytes of them, are in progress: decided before anything of a body is read. */
import { RequestError } from './protocol/index.js';

/** A place that a request has. */
export interface Place {
  /** Takes room for bytes of the body. @throws RequestError where there is none */
  grow(bytes: number): void;
  /** Gives place and room back; again does nothing. */
  leave(): void;
}

export class Gate {
  readonly #maxRequests: number;
  readonly #maxBytes: number;
  #requests = 0;
  #bytes = 0;

  constructor(limits: { readonly maxConcurrent: number; readonly maxBufferedBytes: number }) {
    this.#maxRequests = limits.maxConcurrent;
    this.#maxBytes = limits.maxBufferedBytes;
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @param bytes length of the body as far as it is known @throws RequestError (busy) */
  enter(bytes: number): Place {
    if (this.#requests >= this.#maxRequests)
      throw new RequestError('busy', `${this.#requests} requests are in progress, the limit is ${this.#maxRequests}.`, {
        retryAfterMs: 1000,
      });
    let held = 0;
    let left = false;
    const grow = (more: number) => {
      if (this.#bytes + more > this.#maxBytes)
        throw new RequestError(
          'busy',
          `The requests in progress have ${this.#bytes} bytes, the limit is ${this.#maxBytes}.`,
          {
            retryAfterMs: 1000,
          },
        );
      this.#bytes += more;
      held += more;
    };
    grow(bytes);
    this.#requests++;
    return {
      grow,
      leave: () => {
        if (left) return;
        left = true;
        this.#requests--;
        this.#bytes -= held;
      },
    };
  }
}
