/** The methods of a server at a port: sockets are Node's, with the limits that those of HTTP have; HTTP/2 and gRPC's framing are the library's. */
import { createServer as createTcpServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Semaphore } from '../../data/semaphore.js';
import type { TlsOptions } from '../http/node_server.js';
import { load } from '../optional.js';
import type { Log } from '../record.js';
import type { Service } from '../service.js';
import { methodsOf } from './methods.js';
import { transportInterceptor } from './transport_status.js';
import { type Stream, UnaryCall } from './unary_call.js';

export interface GrpcServer {
  /** @throws what `listen` of Node's servers throws */
  listen(host: string, port: number): Promise<void>;
  readonly port: number;
  /** Takes no more calls, and waits for those in progress. */
  close(): Promise<void>;
  /** Ends those in progress. */
  closeAllConnections(): void;
}

const asBuffer = (bytes: Buffer): Buffer => bytes;

/** @throws ArgumentError where the library is not installed */
export async function grpcServer(service: Service, tls: TlsOptions | undefined, log: Log): Promise<GrpcServer> {
  const library = await load('@grpc/grpc-js');
  const { limits } = service;
  const server = new library.Server({
    'grpc.max_receive_message_length': limits.maxBodyBytes,
    // What is sent is bounded by images and outputs.
    'grpc.max_send_message_length': -1,
    // Of one connection: some more than there may be for inference, so that those beyond are refused and probes come through.
    'grpc.max_concurrent_streams': limits.maxConcurrent + 100,
    'grpc.max_connection_idle_ms': limits.keepAliveTimeoutMs,
    // Clients that have gone without a word are found.
    'grpc.keepalive_time_ms': limits.keepAliveTimeoutMs,
    'grpc.keepalive_timeout_ms': limits.headersTimeoutMs,
    'grpc.enable_channelz': 0,
    interceptors: [transportInterceptor(library, limits.maxBodyBytes)],
  });
  const reading = new Semaphore(Math.max(1, Math.floor(limits.maxBufferedBytes / limits.maxBodyBytes)));
  const sockets = new Set<Socket>();
  const disconnect = (peer: string) => {
    for (const socket of sockets) if (`${socket.remoteAddress}:${socket.remotePort}` === peer) socket.destroy();
  };
  const shared = { library, service, log, reading, disconnect };
  for (const [path, method] of Object.entries(methodsOf(service)))
    server.register(
      path,
      (stream: Stream) => void new UnaryCall(stream, method, shared).run(),
      asBuffer,
      asBuffer,
      'bidi',
    );
  // TLS is ended here, so that it has the options that HTTPS has.
  const injector = server.createConnectionInjector(library.ServerCredentials.createInsecure());
  const connected = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A client that leaves in the middle is heard of by its calls.
    socket.on('error', () => {});
    injector.injectConnection(socket);
  };
  const listener: NetServer =
    tls === undefined
      ? createTcpServer(connected)
      : createTlsServer({ handshakeTimeout: limits.headersTimeoutMs, ...tls, ALPNProtocols: ['h2'] }, connected);
  listener.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  listener.maxConnections = limits.maxConnections;
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        listener.once('error', reject);
        listener.listen({ host, port }, () => {
          listener.off('error', reject);
          resolve();
        });
      }),
    get port() {
      return (listener.address() as { port: number }).port;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      // Those that never said a word have no session that would be closed.
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    closeAllConnections: () => {
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
    },
  };
}
