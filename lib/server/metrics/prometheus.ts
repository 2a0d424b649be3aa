/** Metrics in Prometheus' format: of requests as they are answered, of models when somebody asks. */
import type { Registry } from 'prom-client';
import { packageVersion } from '../../native/binding.js';
import type { Gate } from '../gate.js';
import type { Answered, Monitor } from '../monitor.js';
import { load } from '../optional.js';
import { type RefusalReason, refusals } from '../protocol/index.js';
import type { ModelRepository } from '../repository/index.js';
import type { MetricJson } from '../workers/index.js';
import { addModelMetrics } from './models.js';
import { addTritonMetrics } from './triton.js';

/** Metrics as somebody reads them. */
export interface MetricsText {
  /** All metrics. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface Metrics extends MetricsText, Monitor {
  /** All metrics as data, to be added to those of other processes. */
  json(): Promise<MetricJson[]>;
}

/** What metrics are made of. */
export interface MetricSources {
  readonly repository: ModelRepository;
  readonly gate: Gate;
  /** Also those that Triton has, under its names. */
  readonly tritonNames: boolean;
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** @throws ArgumentError where prom-client is not installed */
export async function prometheusMetrics({ repository, gate, tritonNames }: MetricSources): Promise<Metrics> {
  const { Registry, Counter, Histogram, Gauge, collectDefaultMetrics } = await load('prom-client');
  const registry: Registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    ...{ name: 'slimnet_info', help: 'Version of slimnet.', labelNames: ['version'], registers, aggregator: 'first' },
  }).set({ version: packageVersion() }, 1);
  const requests = new Counter({
    name: 'slimnet_requests_total',
    help: 'Requests that were answered, by what was asked for and the status of the answer.',
    labelNames: ['protocol', 'operation', 'model', 'version', 'status'],
    registers,
  });
  const refused = new Counter({
    name: 'slimnet_refusals_total',
    help: 'Requests that were refused, by reason.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of Object.keys(refusals) as RefusalReason[]) refused.inc({ reason }, 0);
  const images = new Counter({
    name: 'slimnet_images_total',
    help: 'Images of requests that were answered with results.',
    labelNames: ['model', 'version'],
    registers,
  });
  const duration = new Histogram({
    name: 'slimnet_request_duration_seconds',
    help: 'From the headers of a request for inference to the end of its answer, where it was answered with results.',
    labelNames: ['operation', 'model', 'version'],
    buckets: seconds,
    registers,
  });
  new Gauge({
    name: 'slimnet_requests_in_progress',
    help: 'Requests for inference that are in progress.',
    registers,
    collect() {
      this.set(gate.requests);
    },
  });
  new Gauge({
    name: 'slimnet_buffered_bytes',
    help: 'Bytes of bodies of the requests in progress.',
    registers,
    collect() {
      this.set(gate.bytes);
    },
  });
  const library = await load('prom-client');
  addModelMetrics(library, registers, repository);
  const triton = tritonNames ? addTritonMetrics(library, registers, repository) : null;
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    json: () => registry.getMetricsAsJSON(),
    answered(request: Answered) {
      const { protocol, operation, reason, status, model } = request;
      const names = { model: model?.name ?? '', version: model?.version ?? '' };
      requests.inc({ protocol, operation, ...names, status });
      if (reason !== null) refused.inc({ reason });
      if (reason === null && model !== null && (operation === 'infer' || operation === 'classify')) {
        images.inc(names, request.images);
        duration.observe({ operation, ...names }, request.seconds);
      }
      triton?.answered(request);
    },
  };
}
