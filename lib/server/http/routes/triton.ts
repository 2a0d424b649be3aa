import type { FastifyInstance } from 'fastify';
import { configurationOf } from '../../inference/index.js';
import type { Service } from '../../service.js';
import { sendJson } from '../answer.js';
import { operation } from '../operation.js';

interface Params {
  name: string;
  version?: string;
}

/** Triton's extensions for configurations and statistics of models, which its tools ask for. */
export function tritonRoutes(app: FastifyInstance, { repository, limits, statistics }: Service): void {
  const one = ({ name, version }: Params) => repository.get(name, version);
  for (const path of ['/v2/models/:name', '/v2/models/:name/versions/:version']) {
    app.get<{ Params: Params }>(`${path}/config`, operation('metadata'), async (request, reply) =>
      sendJson(request, reply, configurationOf(one(request.params), limits.maxImages)),
    );
    app.get<{ Params: Params }>(`${path}/stats`, operation('metadata'), async (request, reply) =>
      sendJson(request, reply, { model_stats: [statistics.of(one(request.params))] }),
    );
  }
  app.get('/v2/models/stats', operation('metadata'), async (request, reply) =>
    sendJson(request, reply, { model_stats: repository.served().map((served) => statistics.of(served)) }),
  );
}
