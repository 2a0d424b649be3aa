import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RequestError } from '../../protocol/index.js';
import { assertNoParameters, indexEntries } from '../../repository/index.js';
import type { Service } from '../../service.js';
import { sendJson } from '../answer.js';
import { operation } from '../operation.js';

/** The repository extension: only where the operator has asked for it. */
export function repositoryRoutes(app: FastifyInstance, { repository, control }: Service): void {
  app.post('/v2/repository/index', operation('repository'), async (request, reply) => {
    const { ready = false } = parameters(request);
    if (typeof ready !== 'boolean') throw new RequestError('malformed', 'ready: expected true or false.');
    return sendJson(request, reply, indexEntries(repository, ready));
  });
  app.post<{ Params: { name: string } }>(
    '/v2/repository/models/:name/load',
    operation('repository'),
    async (request, reply) => {
      assertNoParameters(parameterCount(request));
      await control.load(request.params.name);
      return reply.code(200).send();
    },
  );
  app.post<{ Params: { name: string } }>(
    '/v2/repository/models/:name/unload',
    operation('repository'),
    async (request, reply) => {
      parameters(request);
      await control.unload(request.params.name);
      return reply.code(200).send();
    },
  );
}

/** The JSON object in a body; an empty one where there is no body. */
function parameters({ body }: FastifyRequest): Readonly<Record<string, unknown>> {
  if (!(body instanceof Uint8Array) || body.byteLength === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new RequestError('malformed', 'The body is no JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RequestError('malformed', 'The body: expected an object.');
  return value as Readonly<Record<string, unknown>>;
}

/** How many parameters a request has. */
function parameterCount(request: FastifyRequest): number {
  const { parameters: given } = parameters(request);
  if (given === undefined) return 0;
  if (typeof given !== 'object' || given === null)
    throw new RequestError('malformed', 'parameters: expected an object.');
  return Object.keys(given).length;
}
