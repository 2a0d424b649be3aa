/** A server of its own: what `slimnet serve` runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { checkInteger, checkOptions } from '../core/options.js';
import { ArgumentError } from '../errors.js';
import { checkComputeNiceness, lowerComputePriority } from './compute_priority.js';
import { grpcServer } from './grpc/grpc_server.js';
import { nodeServer } from './http/node_server.js';
import { addNotFound, addRoutes } from './http/plugin.js';
import { load } from './optional.js';
import { type ServerOptions, serverOptionNames } from './options.js';
import { type RefusalReason, refusals } from './protocol/index.js';
import { serving } from './serving.js';

/** A server that listens. */
export interface SlimnetServer {
  /** Where it can be reached, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Where gRPC can be reached, such as `127.0.0.1:8001`; null where it is not asked for. */
  readonly grpcAddress: string | null;
  /** The application underneath. */
  readonly app: FastifyInstance;
  /**
   * Says that it is not ready, goes on with what comes for a moment (`drainDelayMs`), takes no more connections, answers what it took, and ends; models of
   * a repository are freed, others stay. The second call ends at once.
   * @returns false where answers were given up because they took longer than `graceMs`
   */
  stop(): Promise<boolean>;
}

/** Starts a server. @throws ArgumentError, NativeLoadError; OutputError where it cannot listen */
export async function startServer(options: ServerOptions): Promise<SlimnetServer> {
  checkOptions('startServer', options, serverOptionNames);
  const { host = '127.0.0.1', port = 8000, grpcPort, tls, logger = false } = options;
  const { drainDelayMs = 500, graceMs = 25_000, computeNiceness } = options;
  checkInteger('startServer', 'port', port, 0, 65535);
  if (grpcPort !== undefined) checkInteger('startServer', 'grpcPort', grpcPort, 0, 65535);
  checkInteger('startServer', 'drainDelayMs', drainDelayMs, 0, 2 ** 31 - 1);
  checkInteger('startServer', 'graceMs', graceMs, 0, 2 ** 31 - 1);
  if (computeNiceness !== undefined) checkComputeNiceness(computeNiceness);
  const { fastify, LogController } = await load('fastify');
  const { service, beginStop, logTo, close } = await serving({ page: true, ...options });
  const { limits, monitor, repository } = service;
  if (computeNiceness !== undefined) repository.whenReady(() => lowerComputePriority(computeNiceness));
  const malformed = (slow: boolean) => {
    const reason: RefusalReason = slow ? 'slow_request' : 'malformed';
    monitor.answered({
      protocol: 'http',
      operation: 'unknown',
      model: null,
      reason,
      status: refusals[reason].http,
      seconds: 0,
      images: 0,
    });
  };
  const app = fastify({
    logger: logger as boolean,
    // One line a request is written when it has ended (http/plugin.ts).
    logController: new LogController({ disableRequestLogging: true }),
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // A path is looked up as it is.
    routerOptions: { caseSensitive: true },
    serverFactory: (handler) => nodeServer(limits, tls, handler, malformed),
  });
  logTo(app.log);
  addNotFound(app);
  await app.register(async (scope) => addRoutes(scope, service));
  const grpc = grpcPort === undefined ? null : await grpcServer(service, tls, app.log);
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw cannotListen(error, host, port);
  }
  try {
    await grpc?.listen(host, grpcPort as number);
  } catch (error) {
    await app.close();
    throw cannotListen(error, host, grpcPort as number);
  }
  let stopping: Promise<boolean> | null = null;
  const end = async (): Promise<boolean> => {
    beginStop();
    const draining = new AbortController();
    void second.promise.then(() => draining.abort());
    await sleep(drainDelayMs, undefined, { signal: draining.signal }).catch(() => {});
    const closed = Promise.all([app.close(), grpc?.close()]).then(() => true);
    const inTime = await Promise.race([
      closed,
      sleep(graceMs, false, { ref: false }),
      second.promise.then(() => false),
    ]);
    if (!inTime) {
      app.server.closeAllConnections();
      grpc?.closeAllConnections();
    }
    await closed;
    // Models that were given belong to whoever loaded them.
    if (repository === options.models) await repository.close();
    await close();
    return inTime;
  };
  const second = resolvable();
  const { address, family, port: bound } = app.server.address() as { address: string; family: string; port: number };
  const shown = family === 'IPv6' ? `[${address}]` : address;
  return {
    app,
    grpcAddress: grpc === null ? null : `${shown}:${grpc.port}`,
    url: `${tls === undefined ? 'http' : 'https'}://${shown}:${bound}`,
    stop: () => {
      if (stopping !== null) second.resolve();
      stopping ??= end();
      return stopping;
    },
  };
}

function cannotListen(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const reasons: Partial<Record<string, string>> = {
    EADDRINUSE: 'another program listens there',
    EACCES: 'this needs more rights',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'there is no such host',
  };
  const reason = reasons[code ?? ''];
  if (reason === undefined) return error;
  return new ArgumentError(`The server cannot listen at ${host}, port ${port}: ${reason}.`, { cause: error });
}

function resolvable(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}
