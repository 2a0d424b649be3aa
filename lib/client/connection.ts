/** Requests over HTTP: time limits, attempts that are made again, errors of servers as errors of this library. */
import { ConnectionError, ExecutionError, ServerError } from '../errors.js';
import { isBusy, pauseMs, retryAfterMs } from './retry.js';
import type { CallOptions } from './types.js';

/** What a connection needs of `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ConnectionOptions {
  /** Without a slash at its end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly fetch: Fetch;
  /** From 0 to 1. */
  readonly random: () => number;
}

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The time limit of a call, and its caller's signal, as one. */
export class Deadline {
  readonly #end: number;
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #forget: () => void;

  constructor(timeoutMs: number, signal: AbortSignal | undefined) {
    this.#end = performance.now() + timeoutMs;
    this.#timer = setTimeout(() => this.#controller.abort(tooLate(timeoutMs)), timeoutMs);
    const abort = () => this.#controller.abort(signal?.reason);
    signal?.addEventListener('abort', abort);
    this.#forget = () => signal?.removeEventListener('abort', abort);
    if (signal?.aborted === true) abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get leftMs(): number {
    return this.#end - performance.now();
  }

  /** @throws the reason of the signal */
  async sleep(ms: number): Promise<void> {
    const { signal } = this;
    let wake = () => {};
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener('abort', wake);
    });
    signal.removeEventListener('abort', wake);
    if (signal.aborted) throw signal.reason;
  }

  /** Forgets timer and signal. */
  end(): void {
    clearTimeout(this.#timer);
    this.#forget();
  }
}

function tooLate(timeoutMs: number): ExecutionError {
  return new ExecutionError(`The server did not answer within ${timeoutMs} ms.`, { code: 'ERR_ABORTED' });
}

export class Connection {
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url;
  }

  /** Runs a call, from what it does first to its answer, within its limit. */
  async within<T>(
    { signal, timeoutMs = this.#options.timeoutMs }: CallOptions,
    work: (deadline: Deadline) => Promise<T>,
  ): Promise<T> {
    const deadline = new Deadline(timeoutMs, signal);
    try {
      if (deadline.signal.aborted) throw deadline.signal.reason;
      return await work(deadline);
    } finally {
      deadline.end();
    }
  }

  /**
   * Sends a request until it is answered, and no more than `retries` times again. There is no further attempt that could not begin in time.
   * @throws ServerError, ConnectionError, ExecutionError (ERR_ABORTED), the reason of the caller's signal
   */
  async ask(request: Request, deadline: Deadline, retries = this.#options.retries): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      let failure: ServerError | ConnectionError;
      try {
        const answer = await this.send(request, deadline);
        if (answer.status >= 200 && answer.status < 300) return answer;
        failure = refusal(answer);
        if (!isBusy(answer.status)) throw failure;
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error;
        failure = error;
      }
      const pause = pauseMs(attempt, failure.retryAfterMs, this.#options.random());
      if (attempt > retries || pause >= deadline.leftMs) throw failure;
      await deadline.sleep(pause);
    }
  }

  /** Sends a request once, and reads its answer to the end, whatever it is. @throws ConnectionError, and what the deadline has */
  async send({ method, path, headers, body }: Request, { signal }: Deadline): Promise<Answer> {
    const { url, fetch } = this.#options;
    try {
      const response = await fetch(url + path, {
        ...{ method, signal, headers: { ...this.#options.headers, ...headers } },
        ...(body === undefined ? {} : { body }),
      });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, bytes };
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw new ConnectionError(`${url} cannot be reached: ${reasonOf(cause)}.`, { cause });
    }
  }
}

/** Longest text of a server that is no JSON and is quoted all the same. */
const quotedLength = 200;

function refusal({ status, headers, bytes }: Answer): ServerError {
  const after = retryAfterMs(headers.get('retry-after'), Date.now());
  const text = new TextDecoder().decode(bytes);
  let message = `HTTP ${status}`;
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === 'string') message = error;
  } catch {
    // Of a proxy before the server, say.
    if (/^text\/plain/.test(headers.get('content-type') ?? '')) message += `: ${text.trim().slice(0, quotedLength)}`;
  }
  return new ServerError(status, message, after === undefined ? {} : { retryAfterMs: after });
}

/** Node hides what happened in the cause of an error that says nothing. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
