import type { FastifyInstance } from 'fastify';
import type { Service } from '../../service.js';
import { sendJson } from '../answer.js';
import { operation } from '../operation.js';

/** Whether the process lives, the server is ready, a model is ready. The first two need no token: probes have none. */
export function healthRoutes(app: FastifyInstance, { repository, ready: isReady }: Service): void {
  const open = operation('health', { open: true });
  app.get('/v2/health/live', open, async (request, reply) => sendJson(request, reply, { live: true }));
  app.get('/v2/health/ready', open, async (request, reply) => {
    const ready = isReady();
    return sendJson(request, reply.code(ready ? 200 : 503), { ready });
  });
  const modelReady = async (name: string, version: string | undefined) => {
    const served = repository.get(name, version);
    return { name: served.name, ready: true };
  };
  app.get<{ Params: { name: string } }>('/v2/models/:name/ready', operation('health'), async (request, reply) =>
    sendJson(request, reply, await modelReady(request.params.name, undefined)),
  );
  app.get<{ Params: { name: string; version: string } }>(
    '/v2/models/:name/versions/:version/ready',
    operation('health'),
    async (request, reply) => sendJson(request, reply, await modelReady(request.params.name, request.params.version)),
  );
}
