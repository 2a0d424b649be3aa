/** Node's HTTP server with the limits of a server of slimnet. */
import { createServer as createHttpServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions as TlsServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Limits } from '../limits.js';
import { awaitingContinue } from './call_state.js';

/** Certificates and keys, and what else `tls.createServer` of Node takes. */
export type TlsOptions = TlsServerOptions;

/** How often connections are looked at that are too slow. */
const checkEveryMs = 500;

export function nodeServer(
  limits: Limits,
  tls: TlsOptions | undefined,
  handler: RequestListener,
  onMalformed: (slow: boolean) => void,
): Server {
  const options: ServerOptions = {
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: checkEveryMs,
    insecureHTTPParser: false,
  };
  const server: Server =
    tls === undefined ? createHttpServer(options, handler) : createHttpsServer({ ...tls, ...options }, handler);
  server.maxConnections = limits.maxConnections;
  server.on('checkContinue', (request, response) => {
    awaitingContinue.add(request);
    handler(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // The client has left, in the middle of a request perhaps, which hears of it by itself.
    if (error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_EOF_STATE' || !socket.writable) {
      socket.destroy();
      return;
    }
    const slow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    onMalformed(slow);
    const [status, text] = slow
      ? ['408 Request Timeout', 'The request did not come in time.']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? ['431 Request Header Fields Too Large', 'The headers are too long.']
        : ['400 Bad Request', 'This is no HTTP request.'];
    const body = `${JSON.stringify({ error: text })}\n`;
    socket.end(
      `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      () => socket.destroy(),
    );
  });
  return server;
}
