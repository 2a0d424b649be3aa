/** Profiles and spans: what operators see of single requests. */
import { type context, propagation, type Span, type SpanOptions, trace } from '@opentelemetry/api';
import { startServer } from '../../../lib/server/index.js';
import { fakeModel, fakeRequest } from '../../helpers/fake_model.js';
import { smallServer } from '../../helpers/small_server.js';

describe('a profile', () => {
  test('is a trace with a step for each layer, of a batch of the size that is asked for', async () => {
    await using small = await smallServer({ profiling: true });
    const response = await fetch(`${small.url}/v2/models/small/profile?images=4`);
    expect(response.status).toBe(200);
    const { traceEvents } = (await response.json()) as { traceEvents: Record<string, unknown>[] };
    const [title, ...steps] = traceEvents;
    expect(title).toMatchObject({ ph: 'M', args: { name: 'small, version 1, 4 images' } });
    expect(steps.length).toBeGreaterThan(3);
    expect(steps.some(({ cat }) => cat === 'conv2d')).toBe(true);
    let at = 0;
    for (const { ph, ts, dur, name } of steps) {
      expect([ph, typeof name]).toEqual(['X', 'string']);
      expect(ts).toBeCloseTo(at, 6);
      at += dur as number;
    }
    expect(at).toBeGreaterThan(0);
    for (const images of ['0', '3', 'x', '99999'])
      expect((await fetch(`${small.url}/v2/models/small/profile?images=${images}`)).status).toBe(400);
  });

  test('is there only where the operator has asked for it', async () => {
    await using small = await smallServer();
    expect((await fetch(`${small.url}/v2/models/small/profile`)).status).toBe(404);
  });
});

test('spans go on from the one that a request names, and say what became of it', async () => {
  const spans: Record<string, unknown>[] = [];
  const startSpan = (name: string, options: SpanOptions, parent: unknown) => {
    const span: Record<string, unknown> = { name, kind: options.kind, ...options.attributes, parent };
    spans.push(span);
    return {
      setAttribute: (key: string, value: unknown) => {
        span[key] = value;
      },
      setStatus: ({ code }: { code: number }) => {
        span.status = code;
      },
      recordException: (error: Error) => {
        span.exception = error.message;
      },
      end: () => {
        span.ended = true;
      },
    } as unknown as Span;
  };
  const key = Symbol('parent');
  trace.setGlobalTracerProvider({
    getTracer: () =>
      ({
        startActiveSpan: (name: string, options: SpanOptions, at: typeof context, work: (span: Span) => unknown) =>
          work(startSpan(name, options, (at as unknown as { getValue(key: symbol): unknown }).getValue(key))),
      }) as never,
  });
  propagation.setGlobalPropagator({
    inject: () => {},
    fields: () => ['traceparent'],
    extract: (at, carrier) => at.setValue(key, (carrier as { traceparent?: string }).traceparent),
  });
  const fake = fakeModel();
  const server = await startServer({
    models: { fake: fake.model },
    port: 0,
    drainDelayMs: 0,
    metrics: false,
    tracing: true,
  });
  const post = (message: object) =>
    fetch(`${server.url}/v2/models/fake/infer`, {
      method: 'POST',
      body: JSON.stringify(message),
      headers: { traceparent: '00-abc-def-01' },
    });
  const response = post(fakeRequest);
  (await fake.called(0)).finish();
  expect((await response).status).toBe(200);
  expect((await post({ inputs: [] })).status).toBe(400);
  await server.stop();
  const common = {
    name: 'slimnet.infer',
    'slimnet.model': 'fake',
    'slimnet.version': '1',
    parent: '00-abc-def-01',
    ended: true,
  };
  expect(spans).toMatchObject([
    { ...common, 'slimnet.images': 1 },
    {
      ...common,
      'slimnet.images': 0,
      'slimnet.refusal': 'malformed',
      status: 2,
      exception: expect.stringContaining('inputs'),
    },
  ]);
  trace.disable();
  propagation.disable();
});
