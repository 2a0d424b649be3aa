/** A call of a method, from its headers to its status. */
import type { Metadata, ServerDuplexStream } from '@grpc/grpc-js';
import type { Semaphore } from '../../data/semaphore.js';
import type { Place } from '../gate.js';
import { type Wish, wishOf } from '../inference/index.js';
import { type RefusalReason, RequestError, refusalOf, refusals } from '../protocol/index.js';
import { type Log, record } from '../record.js';
import type { Service } from '../service.js';
import { traced } from '../tracing.js';
import type { Method } from './methods.js';
import { endOf, type TransportEnd } from './transport_status.js';

type Library = typeof import('@grpc/grpc-js');
/** Methods are streams to the library, so that they hear of a call before its message has come. */
export type Stream = ServerDuplexStream<Buffer, Buffer>;

/** What all calls share. */
export interface Shared {
  readonly library: Library;
  readonly service: Service;
  readonly log: Log;
  /** Places at which a message is read: those that are on their way have no more bytes than all bodies may have. */
  readonly reading: Semaphore;
  /** Ends a connection, by the address of its other end. */
  readonly disconnect: (peer: string) => void;
}

export class UnaryCall {
  readonly operation: Method['operation'];
  readonly log: Log;
  model: { readonly name: string; readonly version: string } | null = null;
  images = 0;
  reason: RefusalReason | null = null;
  readonly #stream: Stream;
  readonly #method: Method;
  readonly #shared: Shared;
  readonly #end: TransportEnd;
  readonly #began = performance.now();
  readonly #gone = new AbortController();
  #place: Place | null = null;
  #wish: Wish = {};

  constructor(stream: Stream, method: Method, shared: Shared) {
    this.#stream = stream;
    this.#method = method;
    this.#shared = shared;
    this.#end = endOf(stream.metadata);
    this.operation = method.operation;
    this.log = shared.log;
  }

  /** Aborted when nobody waits for the answer any more. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** What is left of the client's deadline, or of the server's limit; and the priority. @throws RequestError where nothing is left */
  limits(): Wish & { readonly timeoutMs: number } {
    const left = Math.floor(Number(this.#stream.getDeadline()) - Date.now());
    if (left <= 0) throw new RequestError('timeout', 'The deadline of the request is over.');
    const { timeoutMs: wished = left, ...rest } = this.#wish;
    return { ...rest, timeoutMs: Math.min(left, wished, this.#shared.service.limits.timeoutMs) };
  }

  traced<T>(work: () => Promise<T>): Promise<T> {
    return traced(this.#shared.service.tracing, this.#stream.metadata.getMap(), this, work);
  }

  /** Answers it, well or not. */
  async run(): Promise<void> {
    // It comes at the end of every call, however it ends.
    this.#stream.once('cancelled', () => this.#finish());
    try {
      this.#admit();
      const message = await this.#shared.reading.use(() => this.#message());
      this.#place?.grow(message.byteLength);
      const answer = this.#method.answer(message, this.#shared.service, this);
      if (Symbol.asyncIterator in answer) for await (const each of answer) this.#stream.write(bufferOf(each));
      else this.#send(await answer);
    } catch (error) {
      this.#refuse(refusalOf(error));
    }
  }

  /** Decides from the headers: no message is read that will be refused. @throws RequestError */
  #admit(): void {
    const { service } = this.#shared;
    if (this.#method.open !== true) service.checkToken?.(this.#stream.metadata.get('authorization').map(String).at(0));
    if (this.operation !== 'infer') return;
    this.#wish = wishOf((name) => this.#stream.metadata.get(name).map(String).at(0));
    const limits = this.limits();
    // The name of the model comes with the message: what no model would take is refused now.
    const answers = service.repository.served().map(({ model }) => model.refusal(model.outputs, 1, limits));
    const [first = null] = answers;
    if (first !== null && answers.every((answer) => answer !== null)) throw first;
    this.#place = service.gate.enter(0);
  }

  /** The one message of a call. @throws RequestError */
  #message(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let message: Buffer | null = null;
      const refuse = (reason: RefusalReason, text: string) => reject(new RequestError(reason, text));
      const timer = setTimeout(
        () => refuse('slow_request', 'The request did not come in time.'),
        this.#shared.service.limits.requestTimeoutMs,
      );
      const aborted = () => reject(this.signal.reason);
      if (this.signal.aborted) aborted();
      this.signal.addEventListener('abort', aborted, { once: true });
      this.#stream.on('data', (data: Buffer) => {
        if (message !== null) refuse('malformed', 'Expected one message, received more.');
        message = data;
      });
      this.#stream.once('end', () => {
        if (message !== null) resolve(message);
        // A client that cancels ends what it sends, too; that it has left is heard a moment later.
        else setImmediate(() => refuse('malformed', 'Expected one message, received none.'));
      });
      this.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
      this.#stream.once('end', () => clearTimeout(timer));
    });
  }

  #send(answer: Uint8Array): void {
    if (this.#end.answered) return;
    // A client that does not take its answer would keep its place for ever.
    const { service, disconnect } = this.#shared;
    const timer = setTimeout(() => disconnect(this.#stream.getPeer()), service.limits.requestTimeoutMs);
    this.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    this.#stream.write(bufferOf(answer));
    this.#end.answered = true;
    this.#stream.end();
  }

  #refuse(error: RequestError): void {
    if (this.#end.answered) return;
    this.reason = error.reason;
    if (error.reason === 'failed') this.log.error({ err: error.cause ?? error }, 'a request failed');
    const { library } = this.#shared;
    const metadata: Metadata = new library.Metadata();
    // By gRPC's rules for retries, when a client may come again.
    if (error.retryAfterMs !== undefined) metadata.set('grpc-retry-pushback-ms', String(Math.ceil(error.retryAfterMs)));
    this.#end.answered = true;
    // The library percent-encodes it, which halves of surrogate pairs have no form for.
    const details = error.message.replaceAll(/\p{Surrogate}/gu, '\ufffd');
    this.#stream.emit('error', { code: library.status[refusals[error.reason].grpc], details, metadata });
  }

  #finish(): void {
    if (this.#end.refusal !== null) this.reason = this.#end.refusal.reason;
    else if (!this.#end.answered) this.reason = 'client_gone';
    this.#end.answered = true;
    this.#gone.abort(this.#end.refusal ?? new RequestError('client_gone', 'The client has left.'));
    this.#place?.leave();
    const { operation, model, images, reason } = this;
    const status = reason === null ? 200 : refusals[reason].http;
    const seconds = (performance.now() - this.#began) / 1000;
    record(
      this.#shared.service.monitor,
      this.log,
      { protocol: 'grpc', operation, model, reason, status, images, seconds },
      this.#stream.getPeer(),
    );
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
