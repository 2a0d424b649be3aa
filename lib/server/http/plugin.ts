/** The routes of a server, as a plugin of fastify: for a server of one's own, or for that of `slimnet serve`. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type RefusalReason, RequestError, refusalOf, refusals } from '../protocol/index.js';
import { record } from '../record.js';
import type { Service } from '../service.js';
import type { Turns } from '../turns.js';
import { sendRefusal } from './answer.js';
import { readBody } from './body.js';
import { awaitingContinue, beginCall, callOf, closeCall, keep } from './call_state.js';
import { descriptionRoutes } from './routes/description.js';
import { healthRoutes } from './routes/health.js';
import { inferenceRoutes } from './routes/inference.js';
import { metadataRoutes } from './routes/metadata.js';
import { metricsRoutes } from './routes/metrics.js';
import { pageRoutes } from './routes/page.js';
import { profileRoutes } from './routes/profile.js';
import { repositoryRoutes } from './routes/repository.js';
import { tritonRoutes } from './routes/triton.js';

/** Bodies of requests that are not for inference. */
const smallBodyBytes = 65536;

/** Adds all routes of a service to an application, or to a part of one. */
export function addRoutes(app: FastifyInstance, service: Service): void {
  app.addHook('onRequest', async (request, reply) => {
    const { operation = 'unknown', open = false } = request.routeOptions.config.slimnet ?? {};
    const state = beginCall(request.raw, operation);
    // Whether the system has taken all of the answer. The response itself says yes as well once its connection is gone.
    const { socket } = request.raw;
    let taken = false;
    reply.raw.once('finish', () => {
      taken = !socket.destroyed;
    });
    reply.raw.once('close', () => {
      if (!taken) {
        state.reason ??= 'client_gone';
        state.gone.abort(new RequestError('client_gone', 'The client has left.'));
      }
      finish(service, state.reason === 'client_gone' ? refusals.client_gone.http : reply.statusCode, request);
      closeCall(state);
    });
    if (!open) service.checkToken?.(request.headers.authorization);
  });
  // Clients on open connections go elsewhere, so that the server may end.
  app.addHook('onSend', async (_, reply) => {
    if (service.stopping()) reply.header('Connection', 'close');
    // A client that does not take its answer would keep its place for ever.
    reply.raw.setTimeout(service.limits.requestTimeoutMs, () => reply.raw.socket?.destroy());
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: FastifyRequest['raw']) => {
    const state = callOf(request.raw);
    const { place, body } = state;
    const { limits, turns } = service;
    if (place === null || body === null) return readSmall(payload, turns);
    const bytes = await readBody(payload, body, { maxBytes: limits.maxBodyBytes, place, turns });
    keep(state, [bytes]);
    return bytes;
  });
  app.setErrorHandler((error: FastifyError | RequestError, request, reply) => answerError(error, request, reply));
  healthRoutes(app, service);
  metadataRoutes(app, service);
  tritonRoutes(app, service);
  inferenceRoutes(app, service);
  descriptionRoutes(app, service);
  if (service.metrics !== null) metricsRoutes(app, service.metrics);
  if (service.page) pageRoutes(app);
  if (service.profiling) profileRoutes(app, service);
  if (service.modelControl) repositoryRoutes(app, service);
}

/** The answer to paths that are none, for an application that has nothing else. */
export function addNotFound(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) =>
    sendRefusal(reply, new RequestError('not_found', `There is no ${request.method} ${request.url.slice(0, 200)}.`)),
  );
}

async function readSmall(payload: FastifyRequest['raw'], turns: Turns): Promise<Uint8Array> {
  const place = { grow: () => {}, leave: () => {} };
  return readBody(payload, { length: null, encoding: null, jsonLength: 0 }, { maxBytes: smallBodyBytes, place, turns });
}

function answerError(thrown: FastifyError | RequestError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const state = callOf(request.raw);
  const error = state.gone.signal.aborted ? (state.gone.signal.reason as RequestError) : refusal(thrown);
  state.reason = error.reason;
  if (error.reason === 'failed') request.log.error({ err: error.cause ?? error }, 'a request failed');
  // What is left of such a body would be read for nothing; and a client that waits for leave to send it waits no more.
  if (error.reason === 'too_large' || awaitingContinue.has(request.raw)) reply.header('Connection', 'close');
  return sendRefusal(reply, error);
}

/** Errors of fastify carry a status of their own. */
function refusal(error: FastifyError | RequestError): RequestError {
  const status = (error as FastifyError).statusCode;
  if (error instanceof RequestError || status === undefined || status >= 500) return refusalOf(error);
  const reasons = Object.entries(refusals) as [RefusalReason, { http: number }][];
  const [reason] = reasons.find(([, { http }]) => http === status) ?? ['malformed'];
  return new RequestError(reason, error.message);
}

function finish({ monitor }: Service, status: number, request: FastifyRequest): void {
  const { place, operation, model, reason, began, images } = callOf(request.raw);
  place?.leave();
  const seconds = (performance.now() - began) / 1000;
  record(monitor, request.log, { protocol: 'http', operation, model, reason, status, images, seconds }, request.ip);
}
