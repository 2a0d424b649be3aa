import type { FastifyInstance } from 'fastify';
import { cardOf, metadataOf, serverMetadata } from '../../inference/index.js';
import type { Service } from '../../service.js';
import { sendJson } from '../answer.js';
import { operation } from '../operation.js';

/** What the server is, and what its models take and give. */
export function metadataRoutes(app: FastifyInstance, { repository, modelControl }: Service): void {
  app.get('/v2', operation('metadata'), async (request, reply) =>
    sendJson(request, reply, serverMetadata(modelControl)),
  );
  app.get('/v1/models', operation('metadata'), async (request, reply) =>
    sendJson(request, reply, { models: [...new Set(repository.index().map(({ name }) => name))] }),
  );
  app.get<{ Params: { name: string } }>('/v1/models/:name', operation('metadata'), async (request, reply) =>
    sendJson(request, reply, cardOf(repository.get(request.params.name))),
  );
  app.get<{ Params: { name: string; version: string } }>(
    '/v1/models/:name/versions/:version',
    operation('metadata'),
    async (request, reply) =>
      sendJson(request, reply, cardOf(repository.get(request.params.name, request.params.version))),
  );
  const metadata = (name: string, version: string | undefined) => {
    const served = repository.get(name, version);
    return metadataOf(served, version === undefined ? repository.versions(name) : [version]);
  };
  app.get<{ Params: { name: string } }>('/v2/models/:name', operation('metadata'), async (request, reply) =>
    sendJson(request, reply, metadata(request.params.name, undefined)),
  );
  app.get<{ Params: { name: string; version: string } }>(
    '/v2/models/:name/versions/:version',
    operation('metadata'),
    async (request, reply) => sendJson(request, reply, metadata(request.params.name, request.params.version)),
  );
}
