import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RequestError } from '../../protocol/index.js';
import { sendJson } from '../answer.js';
import { operation } from '../operation.js';
import type { Service } from '../service.js';

/** The repository extension: only where the operator has asked for it. */
export function repositoryRoutes(app: FastifyInstance, { repository }: Service): void {
  app.post('/v2/repository/index', operation('repository'), async (request, reply) => {
    const { ready = false } = parameters(request);
    if (typeof ready !== 'boolean') throw new RequestError('malformed', 'ready: expected true or false.');
    const entries = repository.index().filter(({ state }) => !ready || state === 'READY');
    return sendJson(request, reply, entries);
  });
  app.post<{ Params: { name: string } }>(
    '/v2/repository/models/:name/load',
    operation('repository'),
    async (request, reply) => {
      assertNoParameters(request);
      try {
        await repository.loadAll(request.params.name);
      } catch (error) {
        if (error instanceof RequestError) throw error;
        request.log.error({ err: error }, 'a model was not loaded');
        throw new RequestError(
          'not_ready',
          `The model ${request.params.name} cannot be loaded; the server's log says why.`,
        );
      }
      return reply.code(200).send();
    },
  );
  app.post<{ Params: { name: string } }>(
    '/v2/repository/models/:name/unload',
    operation('repository'),
    async (request, reply) => {
      parameters(request);
      await repository.unload(request.params.name);
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

/** Clients choose among the operator's models: they bring no configuration and no files of their own. */
function assertNoParameters(request: FastifyRequest): void {
  const { parameters: given } = parameters(request);
  if (given !== undefined && (typeof given !== 'object' || given === null || Object.keys(given).length > 0))
    throw new RequestError('malformed', 'This server takes no configuration and no files with the request to load.');
}
