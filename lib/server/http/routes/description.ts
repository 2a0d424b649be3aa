import type { FastifyInstance } from 'fastify';
import { openApi } from '../../openapi/description.js';
import type { Service } from '../../service.js';
import { sendJson } from '../answer.js';
import { operation } from '../operation.js';

export function descriptionRoutes(app: FastifyInstance, { limits, modelControl, profiling, metrics }: Service): void {
  const description = openApi(limits, { modelControl, profiling, metrics: metrics !== null });
  app.get('/openapi.json', operation('description'), async (request, reply) => sendJson(request, reply, description));
}
