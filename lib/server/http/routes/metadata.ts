import type { FastifyInstance } from 'fastify';
import { packageVersion } from '../../../native/binding.js';
import { metadataOf } from '../../inference/index.js';
import type { ServerMetadata } from '../../protocol/index.js';
import { sendJson } from '../answer.js';
import { operation } from '../operation.js';
import type { Service } from '../service.js';

/** What the server is, and what its models take and give. */
export function metadataRoutes(app: FastifyInstance, { repository, modelControl }: Service): void {
  app.get('/v2', operation('metadata'), async (request, reply) => {
    const metadata: ServerMetadata = {
      name: 'slimnet',
      version: packageVersion(),
      extensions: ['binary_tensor_data', 'classification', ...(modelControl ? ['model_repository'] : [])],
    };
    return sendJson(request, reply, metadata);
  });
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
