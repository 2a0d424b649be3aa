/** JSON that is too long for the event loop is read and written by a thread of its own. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { moduleUrl } from '../core/module_url.js';
import { InternalError } from '../errors.js';
import type { JsonAnswer, JsonQuestion } from './json_worker.js';
import {
  decodeRequest,
  type EncodedResponse,
  encodeResponse,
  type InferRequest,
  type InferResponse,
  RequestError,
} from './protocol/index.js';

/** From so many bytes of JSON on: that is a millisecond or two of the event loop. */
const offLoopBytes = 256 * 1024;
/** Whether so much JSON is read by the thread. */
export function isLong(bytes: number): boolean {
  return bytes >= offLoopBytes;
}
/** Bytes of JSON that a float32 takes, roughly. */
const bytesPerValue = 12;

/** Where the thread's code lies: beside this file, beside the bundle, beside the bundle in CommonJS, or built for tests of lib/. */
const places = [
  './json_worker.js',
  './server/json_worker.js',
  '../../server/json_worker.js',
  '../../build/lib/server/json_worker.js',
];

function workerFile(): string {
  const file = places
    .map((place) => fileURLToPath(new URL(place, moduleUrlOfServer())))
    .find((path) => existsSync(path));
  if (file === undefined) throw new InternalError('The code of the thread that reads JSON is missing.');
  return file;
}

/** `moduleUrl` is that of lib/core where files are not bundled. */
function moduleUrlOfServer(): string {
  return moduleUrl.replace(/\/core\/module_url\.(js|ts)$/, '/server/json_worker_pool.$1');
}

interface Waiting {
  readonly resolve: (answer: JsonAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads and writes messages, long ones in a thread that is started when the first of them comes. */
export class JsonWorkerPool {
  #worker: Worker | null = null;
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** @param body is given away: nobody may look at it afterwards @throws RequestError */
  async decode(body: Uint8Array, jsonLength: number | null): Promise<InferRequest> {
    if (!isLong(jsonLength ?? body.byteLength)) return decodeRequest(body, jsonLength);
    const answer = await this.#ask({ kind: 'decode', body, jsonLength }, [body.buffer as ArrayBuffer]);
    return (answer as Extract<JsonAnswer, { kind: 'decoded' }>).request;
  }

  /** @param response is given away @throws RequestError */
  async encode(response: InferResponse, isBinary: (name: string) => boolean): Promise<EncodedResponse> {
    const long = response.outputs.filter(({ name }) => !isBinary(name));
    const values = long.reduce((sum, { data }) => sum + data.length, 0);
    if (!isLong(values * bytesPerValue)) return encodeResponse(response, isBinary);
    const binary = response.outputs.map(({ name }) => name).filter(isBinary);
    const transfer = response.outputs.flatMap(({ datatype, data }) =>
      datatype === 'BYTES' ? [] : [(data as Float32Array).buffer as ArrayBuffer],
    );
    const answer = await this.#ask({ kind: 'encode', response, binary }, transfer);
    return (answer as Extract<JsonAnswer, { kind: 'encoded' }>).response;
  }

  /** Ends the thread. What it was asked is not answered. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#fail(new RequestError('stopping', 'The server is shutting down.'));
    await worker?.terminate();
  }

  #ask(question: JsonQuestion, transfer: readonly ArrayBuffer[]): Promise<JsonAnswer> {
    this.#worker ??= this.#start();
    const number = ++this.#last;
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      worker.ref();
      worker.postMessage({ number, question }, transfer);
    });
  }

  #start(): Worker {
    const worker = new Worker(workerFile());
    worker.unref();
    worker.on('message', ({ number, answer }: { number: number; answer: JsonAnswer }) => {
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (this.#waiting.size === 0) worker.unref();
      if (answer.kind === 'refused') waiting?.reject(new RequestError(answer.reason, answer.message));
      else waiting?.resolve(answer);
    });
    const gone = (cause?: unknown) => {
      if (this.#worker === worker)
        this.#fail(new RequestError('failed', 'The thread that reads JSON ended.', { cause }));
    };
    worker.on('error', gone);
    worker.on('exit', () => gone());
    return worker;
  }

  /** Answers all that wait with an error. The next message gets a new thread. */
  #fail(error: RequestError): void {
    this.#worker = null;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
