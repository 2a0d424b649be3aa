import type { FastifyInstance } from 'fastify';
import type { MetricsText } from '../../metrics/prometheus.js';
import { operation } from '../operation.js';

export function metricsRoutes(app: FastifyInstance, metrics: MetricsText): void {
  app.get('/metrics', operation('metrics'), async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
}
