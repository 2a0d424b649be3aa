/** Spans of OpenTelemetry, through its API package alone: whoever runs the server chooses an SDK, and where spans go. */
import type { Span } from '@opentelemetry/api';
import { packageVersion } from '../native/binding.js';
import type { Operation } from './monitor.js';
import { load } from './optional.js';
import { type RefusalReason, refusalOf } from './protocol/index.js';

/** What is known of a request when it has ended. */
export interface SpanEnd {
  readonly images: number;
  readonly reason: RefusalReason | null;
}

export interface Tracing {
  /**
   * Runs the work of a request within a span, which goes on from the span that the headers name.
   * @param end what to say of it once it has ended, well or not
   */
  span<T>(
    name: string,
    headers: Readonly<Record<string, unknown>>,
    attributes: Readonly<Record<string, string>>,
    end: () => SpanEnd,
    work: () => Promise<T>,
  ): Promise<T>;
}

/** No spans. */
export const noTracing: Tracing = { span: (_name, _headers, _attributes, _end, work) => work() };

/** What of a request in progress its span tells. */
export interface TracedCall {
  readonly operation: Operation;
  readonly model: { readonly name: string; readonly version: string } | null;
  readonly images: number;
  reason: RefusalReason | null;
}

/** Runs the work of a request for inference in a span; why it was refused is noted in `call`. */
export function traced<T>(
  tracing: Tracing,
  headers: Readonly<Record<string, unknown>>,
  call: TracedCall,
  work: () => Promise<T>,
): Promise<T> {
  const { name = '', version = '' } = call.model ?? {};
  const attributes = { 'slimnet.model': name, 'slimnet.version': version };
  return tracing.span(
    `slimnet.${call.operation}`,
    headers,
    attributes,
    () => ({ images: call.images, reason: call.reason }),
    async () => {
      try {
        return await work();
      } catch (error) {
        call.reason = refusalOf(error).reason;
        throw error;
      }
    },
  );
}

/** @throws ArgumentError where the API package is not installed */
export async function openTelemetry(): Promise<Tracing> {
  const { trace, context, propagation, SpanKind, SpanStatusCode } = await load('@opentelemetry/api');
  return {
    span(name, headers, attributes, end, work) {
      // Asked for each time: the SDK may be registered after the server was started.
      const tracer = trace.getTracer('slimnet', packageVersion());
      const parent = propagation.extract(context.active(), headers);
      const options = { kind: SpanKind.SERVER, attributes };
      return tracer.startActiveSpan(name, options, parent, async (span: Span) => {
        try {
          return await work();
        } catch (error) {
          span.recordException(error as Error);
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          const { images, reason } = end();
          span.setAttribute('slimnet.images', images);
          if (reason !== null) span.setAttribute('slimnet.refusal', reason);
          span.end();
        }
      });
    },
  };
}
