/** A server, as its callers see it. */
import { describe } from '../core/dtype.js';
import { checkInteger, checkOptions, checkSignal } from '../core/options.js';
import { ArgumentError, ConnectionError, ServerError } from '../errors.js';
import type { BytesTensor, ModelCard, ModelMetadata, NumberTensor, ServerMetadata } from '../server/protocol/types.js';
import { Connection, type Deadline, type Fetch, type Request } from './connection.js';
import { inferMessage, inferResult, jsonOf } from './messages.js';
import { type Picture, pictureBytes, pictureType } from './pictures.js';
import type {
  CallOptions,
  Classification,
  ClassifyOptions,
  InferOptions,
  InferResult,
  InputTensor,
  ModelOptions,
  Pictures,
  Prediction,
} from './types.js';

export interface ClientOptions {
  /** Goes with each request as `Authorization: Bearer TOKEN`. */
  readonly token?: string;
  /** Further headers of each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Limit of a call in milliseconds, further attempts included; 30,000 unless told. */
  readonly timeoutMs?: number;
  /** How often a call is tried again where the server is busy or cannot be reached; 3 unless told. */
  readonly retries?: number;
  /** Instead of the global `fetch`: one with an agent or a proxy, say. */
  readonly fetch?: Fetch;
}

const longestMs = 2 ** 31 - 1;
const callOptions = ['signal', 'timeoutMs', 'retries'] as const;
const modelOptions = [...callOptions, 'version'] as const;

/**
 * A client of the server at `url`, under whose path the routes of the protocol stand; in a browser it may be relative.
 * @throws ArgumentError
 */
export function createClient(url: string, options: ClientOptions = {}): SlimnetClient {
  checkOptions('createClient', options, ['token', 'headers', 'timeoutMs', 'retries', 'fetch']);
  const { token, headers = {}, timeoutMs = 30_000, retries = 3 } = options;
  checkLimits('createClient', { timeoutMs, retries });
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new ArgumentError('createClient: token: expected text without spaces.');
  const connection = new Connection({
    ...{ url: baseOf(url), timeoutMs, retries, random: Math.random },
    headers: { ...headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
    // Called as a function: browsers refuse a `fetch` that is a method of something else.
    fetch: options.fetch ?? ((target, init) => fetch(target, init)),
  });
  return new SlimnetClient(connection);
}

/** Made by `createClient`. Calls may be made at the same time. */
export class SlimnetClient {
  readonly #connection: Connection;

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get url(): string {
    return this.#connection.url;
  }

  /** Whether the server's process answers. @throws what `classify` does, but not for a server that is not there */
  live(options: CallOptions = {}): Promise<boolean> {
    return this.#probe('live', '/v2/health/live', options, callOptions);
  }

  /** Whether the server is ready: all of its models. @throws like `live` */
  ready(options: CallOptions = {}): Promise<boolean> {
    return this.#probe('ready', '/v2/health/ready', options, callOptions);
  }

  /** Whether a model answers. @throws like `live`; ServerError where there is no such model */
  modelReady(model: string, options: ModelOptions = {}): Promise<boolean> {
    return this.#probe('modelReady', `${modelPath(model, options)}/ready`, options, modelOptions);
  }

  /** What the server is. @throws like `classify` */
  async server(options: CallOptions = {}): Promise<ServerMetadata> {
    checkCall('server', options, callOptions);
    return (await this.#get('/v2', options)) as unknown as ServerMetadata;
  }

  /** What a model takes and gives. @throws like `classify` */
  async model(model: string, options: ModelOptions = {}): Promise<ModelMetadata> {
    checkCall('model', options, modelOptions);
    return (await this.#get(modelPath(model, options), options)) as unknown as ModelMetadata;
  }

  /** The names of the models of the server. @throws like `classify` */
  async models(options: CallOptions = {}): Promise<string[]> {
    checkCall('models', options, callOptions);
    const { models } = await this.#get('/v1/models', options);
    return Array.isArray(models) ? models.map(String) : [];
  }

  /** What a model is, in a few words. @throws like `classify` */
  async card(model: string, options: ModelOptions = {}): Promise<ModelCard> {
    checkCall('card', options, modelOptions);
    return (await this.#get(modelPath(model, options, '/v1'), options)) as unknown as ModelCard;
  }

  /**
   * The most probable classes of a picture: a file such as JPEG or PNG.
   * @throws ServerError with the server's text and status; ConnectionError; ExecutionError (ERR_ABORTED) when the limit is over; the reason of the
   *   signal; ArgumentError
   */
  async classify(model: string, picture: Picture, options: ClassifyOptions = {}): Promise<Classification> {
    checkCall('classify', options, [...modelOptions, 'topK']);
    const { topK } = options;
    if (topK !== undefined) checkInteger('classify', 'topK', topK, 1, 2 ** 20);
    const path = `${modelPath(model, options, '/v1')}:classify${topK === undefined ? '' : `?top_k=${topK}`}`;
    const answer = await this.#connection.within(options, async (deadline) => {
      const body = await pictureBytes(picture, deadline.signal);
      const headers = { 'Content-Type': pictureType(picture) };
      return this.#ask({ method: 'POST', path, headers, body }, deadline, options);
    });
    const { model_name: modelName, model_version: modelVersion, predictions } = jsonOf(answer);
    if (!Array.isArray(predictions))
      throw new ServerError(answer.status, "The server's answer has no predictions: it is none of slimnet.");
    return {
      modelName: String(modelName),
      modelVersion: String(modelVersion),
      predictions: predictions as Prediction[],
    };
  }

  /**
   * Runs a model on tensors, or on pictures that the server decodes.
   * @throws like `classify`
   */
  async infer(
    model: string,
    input: Pictures | InputTensor | readonly InputTensor[],
    options: InferOptions = {},
  ): Promise<InferResult> {
    checkCall('infer', options, [...modelOptions, 'id', 'outputs', 'binary', 'parameters']);
    const path = `${modelPath(model, options)}/infer`;
    const answer = await this.#connection.within(options, async (deadline) => {
      const message = inferMessage(await tensorsOf(input, deadline.signal), options);
      return this.#ask({ method: 'POST', path, ...message }, deadline, options);
    });
    return inferResult(answer);
  }

  #ask(request: Request, deadline: Deadline, { retries }: CallOptions) {
    return this.#connection.ask(request, deadline, retries);
  }

  async #get(path: string, options: CallOptions): Promise<Record<string, unknown>> {
    const answer = await this.#connection.within(options, (deadline) =>
      this.#ask({ method: 'GET', path }, deadline, options),
    );
    return jsonOf(answer);
  }

  /** Asks once: whoever waits until a server is ready has a rhythm of their own. */
  async #probe(where: string, path: string, options: CallOptions, known: readonly string[]): Promise<boolean> {
    checkCall(where, options, known);
    try {
      await this.#connection.within(options, (deadline) => this.#connection.ask({ method: 'GET', path }, deadline, 0));
      return true;
    } catch (error) {
      if (error instanceof ConnectionError || (error instanceof ServerError && error.status === 503)) return false;
      throw error;
    }
  }
}

function checkCall(where: string, options: CallOptions, known: readonly string[]): void {
  checkOptions(where, options, known);
  checkLimits(where, options);
  checkSignal(where, options.signal);
}

function checkLimits(where: string, { timeoutMs, retries }: CallOptions): void {
  if (timeoutMs !== undefined) checkInteger(where, 'timeoutMs', timeoutMs, 1, longestMs);
  if (retries !== undefined) checkInteger(where, 'retries', retries, 0, 1000);
}

function baseOf(url: string): string {
  const { location } = globalThis as { location?: { readonly href: string } };
  let base: URL | null = null;
  try {
    base = new URL(url, location?.href);
  } catch {
    // No URL at all is told as what is one of something else.
  }
  if (base === null || !/^https?:$/.test(base.protocol) || base.search !== '' || base.username !== '')
    throw new ArgumentError(
      `createClient: expected the URL of a server, with no more than a path, received ${base?.username ? 'one with a name of a user in it' : describe(url)}.`,
      { hint: "such as 'http://127.0.0.1:8000'; a token is an option." },
    );
  return `${base.origin}${base.pathname}`.replace(/\/+$/, '');
}

function modelPath(model: string, { version }: ModelOptions, api = '/v2'): string {
  if (typeof model !== 'string' || model === '')
    throw new ArgumentError(`Expected the name of a model, received ${describe(model)}.`);
  return `${api}/models/${encodeURIComponent(model)}${version === undefined ? '' : `/versions/${encodeURIComponent(version)}`}`;
}

async function tensorsOf(
  input: Pictures | InputTensor | readonly InputTensor[],
  signal: AbortSignal,
): Promise<(NumberTensor | BytesTensor)[]> {
  if (typeof input !== 'object' || input === null)
    throw new ArgumentError(`infer: expected tensors or { pictures }, received ${describe(input)}.`);
  const tensors: readonly InputTensor[] =
    'pictures' in input
      ? [{ datatype: 'BYTES', shape: [input.pictures.length], data: input.pictures }]
      : Array.isArray(input)
        ? (input as readonly InputTensor[])
        : [input as InputTensor];
  return Promise.all(
    tensors.map(async (tensor): Promise<NumberTensor | BytesTensor> => {
      const head = { name: tensor.name ?? 'images', shape: tensor.shape };
      if (tensor.datatype !== 'BYTES') return { ...head, datatype: tensor.datatype, data: tensor.data };
      return {
        ...{ ...head, datatype: tensor.datatype },
        data: await Promise.all(tensor.data.map((picture) => pictureBytes(picture, signal))),
      };
    }),
  );
}
