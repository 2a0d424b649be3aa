import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Call, classifyPicture, infer, wishOf } from '../../inference/index.js';
import { binaryOutputs, type InferRequest, RequestError } from '../../protocol/index.js';
import type { Service } from '../../service.js';
import { traced } from '../../tracing.js';
import { sendEncoded, sendJson } from '../answer.js';
import { bodyHead, mayBorrow } from '../body.js';
import { awaitingContinue, type CallState, callOf, keep, working } from '../call_state.js';
import { operation } from '../operation.js';

interface Params {
  name: string;
  version?: string;
}

/** Inference by the protocol, and for those who have a picture and nothing else. */
export function inferenceRoutes(app: FastifyInstance, service: Service): void {
  const { repository, limits, json, turns } = service;

  /** Decides from the headers: nothing of a body is read for a request that will be refused. */
  const admit = ({ raw: request }: FastifyRequest, { raw: response }: FastifyReply, { name, version }: Params) => {
    const state = callOf(request);
    const served = repository.get(name, version);
    state.model = { name: served.name, version: served.version };
    state.body = bodyHead(request.headers, limits.maxBodyBytes);
    const { model } = served;
    state.wish = wishOf((header) => request.headers[header]?.toString());
    const refusal = model.refusal(model.outputs, 1, limitsOf(state));
    if (refusal !== null) throw refusal;
    state.place = service.gate.enter(state.body.length ?? 0);
    if (awaitingContinue.delete(request)) response.writeContinue();
  };
  /** What is left of the time that the headers grant, or the server's limit; and the priority. */
  const limitsOf = ({ wish, began }: CallState) => {
    const { timeoutMs = Number.POSITIVE_INFINITY, ...rest } = wish;
    const left = Math.ceil(timeoutMs - (performance.now() - began));
    if (left <= 0) throw new RequestError('timeout', 'The time limit of the request is over.');
    return { ...rest, timeoutMs: Math.min(left, limits.timeoutMs) };
  };
  const call = (request: FastifyRequest): Call => {
    const state = callOf(request.raw);
    return {
      ...{ signal: state.gone.signal, maxImages: limits.maxImages, turns, ...limitsOf(state) },
      onImages: (count) => {
        state.images = count;
      },
    };
  };
  const inSpan = <T>(request: FastifyRequest, work: () => Promise<T>): Promise<T> =>
    working(callOf(request.raw), () => traced(service.tracing, request.headers, callOf(request.raw), work));
  const bodyOf = (request: FastifyRequest): Uint8Array => {
    if (request.body instanceof Uint8Array && request.body.byteLength > 0) return request.body;
    throw new RequestError('malformed', 'The request has no body.');
  };

  const answerInfer = async (request: FastifyRequest<{ Params: Params }>, reply: FastifyReply) => {
    const state = callOf(request.raw);
    const body = bodyOf(request);
    await turns.next();
    const message = await json.decode(body, state.body?.jsonLength ?? null);
    keep(state, dataOf(message));
    // Asked for once more: another model may have taken the place while the body came.
    const served = repository.get(request.params.name, request.params.version);
    const isBinary = binaryOutputs(message);
    const borrowed = mayBorrow(state.body);
    const response = await infer(served, message, { ...call(request), borrowed });
    return sendEncoded(request, reply, await json.encode(response, isBinary));
  };
  for (const path of ['/v2/models/:name/infer', '/v2/models/:name/versions/:version/infer'])
    app.post<{ Params: Params }>(
      path,
      { ...operation('infer'), preParsing: async (request, reply) => admit(request, reply, request.params) },
      (request, reply) => inSpan(request, () => answerInfer(request, reply)),
    );

  const classifyParams = ({ call: text = '', ...rest }: { call?: string; name?: string }): Params => {
    const [, target = '', verb] = /^(.*):([^:]*)$/.exec(text) ?? [];
    if (verb !== 'classify') throw new RequestError('not_found', 'Expected /v1/models/NAME:classify.');
    return rest.name === undefined ? { name: target } : { name: rest.name, version: target };
  };
  for (const path of ['/v1/models/:call', '/v1/models/:name/versions/:call'])
    app.post<{ Params: { call: string; name?: string }; Querystring: { top_k?: string } }>(
      path,
      {
        ...operation('classify'),
        preParsing: async (request, reply) => admit(request, reply, classifyParams(request.params)),
      },
      (request, reply) =>
        inSpan(request, async () => {
          const { name, version } = classifyParams(request.params);
          const served = repository.get(name, version);
          const body = bodyOf(request);
          await turns.next();
          const predictions = await classifyPicture(served, body, topK(request.query.top_k), call(request));
          return sendJson(request, reply, { model_name: name, model_version: served.version, predictions });
        }),
    );
}

/** The memory of what a request brought. */
function dataOf({ inputs }: InferRequest): ArrayBufferView[] {
  return inputs.flatMap<ArrayBufferView>((input) => (input.datatype === 'BYTES' ? input.data : [input.data]));
}

function topK(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  if (typeof text === 'string' && /^[1-9][0-9]{0,6}$/.test(text)) return Number(text);
  throw new RequestError('malformed', 'top_k: expected an integer from 1 on.');
}
