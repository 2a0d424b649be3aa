/** What a server may be told. */
import type { Model } from '../model/index.js';
import type { TlsOptions } from './http/node_server.js';
import type { Limits } from './limits.js';
import type { Monitor } from './monitor.js';
import type { ModelRepository } from './repository/index.js';
import type { Siblings } from './workers/index.js';

/** Options of the routes, in a server of one's own. */
export interface ServingOptions {
  /**
   * What is served: models by name, each as its version 1, warm already and freed by whoever loaded them; or a repository.
   */
  readonly models: Readonly<Record<string, Model>> | ModelRepository;
  /** Bounds of requests; docs/security.md lists them. */
  readonly limits?: Partial<Limits>;
  /** Requests need the header `Authorization: Bearer TOKEN`, but for those that ask whether the server lives and is ready. */
  readonly token?: string;
  /** Clients may load and unload models. False unless told. */
  readonly modelControl?: boolean;
  /** Metrics for Prometheus at `/metrics`, by prom-client: true unless told; `triton` adds those that Triton has, under its names. */
  readonly metrics?: boolean | 'triton';
  /** A page for people at the root: drop a picture, see its classes. True for `startServer`, false for the plugin unless told. */
  readonly page?: boolean;
  /** Spans for OpenTelemetry, by `@opentelemetry/api`; the program registers an SDK. False unless told. */
  readonly tracing?: boolean;
  /** Clients may ask how long each layer takes: a run of its own. False unless told. */
  readonly profiling?: boolean;
  /** Is told of each request. */
  readonly monitor?: Monitor;
  /** @internal The other processes that serve the same models. */
  readonly siblings?: Siblings;
}

/** Options of a server. */
export interface ServerOptions extends ServingOptions {
  /** Address to listen at; 127.0.0.1, which other machines cannot reach, unless told. */
  readonly host?: string;
  /** 8000 unless told; 0 for any that is free. */
  readonly port?: number;
  /** Also gRPC at this port, of the same address, by `@grpc/grpc-js`; 0 for any that is free; none unless told. */
  readonly grpcPort?: number;
  /** Serves HTTPS, and gRPC over TLS: options of Node's `https.createServer`, such as `key` and `cert`. */
  readonly tls?: TlsOptions;
  /** The log: options of pino, or false, which is the default. */
  readonly logger?: boolean | { readonly level: string; readonly stream?: { write(line: string): void } };
  /** How long a server that stops goes on taking requests while it says that it is not ready; 500 ms unless told. */
  readonly drainDelayMs?: number;
  /**
   * Niceness, from 0 to 19, of all threads of the process that compute networks, so that the event loop gets a core before them. What else the
   * machine does gets one before them as well; the process cannot take it back. Linux only; unless told, theirs is that of the process.
   */
  readonly computeNiceness?: number;
  /** How long a server that stops waits for the answers of what it took; 25 s unless told. */
  readonly graceMs?: number;
}

const serving: Readonly<Record<keyof ServingOptions, true>> = {
  ...{ models: true, limits: true, token: true, modelControl: true, metrics: true, page: true, tracing: true },
  ...{ profiling: true, monitor: true, siblings: true },
};
const server: Readonly<Record<keyof ServerOptions, true>> = {
  ...serving,
  ...{
    host: true,
    port: true,
    grpcPort: true,
    tls: true,
    logger: true,
    computeNiceness: true,
    drainDelayMs: true,
    graceMs: true,
  },
};

/** The names of the options of each. */
export const servingOptionNames = Object.keys(serving);
export const serverOptionNames = Object.keys(server);
