import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../../metrics/prometheus.js';
import { operation } from '../operation.js';

export function metricsRoutes(app: FastifyInstance, metrics: Metrics): void {
  app.get('/metrics', operation('metrics'), async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
}
