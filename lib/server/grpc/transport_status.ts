/**
 * What the library refuses by itself: messages that are too long, are packed wrongly, or come too late. Clients hear of it in the words that
 * they hear over HTTP, and it is counted under the same reasons.
 */
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import { RequestError, refusals } from '../protocol/index.js';

type Library = typeof import('@grpc/grpc-js');

/** How a call ended; the handler finds it by the metadata of the call. */
export interface TransportEnd {
  /** True once the status is the handler's own. */
  answered: boolean;
  refusal: RequestError | null;
}

const ends = new WeakMap<Metadata, TransportEnd>();

export function endOf(metadata: Metadata): TransportEnd {
  return ends.get(metadata) ?? { answered: false, refusal: null };
}

export function transportInterceptor(
  { ServerInterceptingCall, status: codes }: Library,
  maxBodyBytes: number,
): ServerInterceptor {
  const refusalOf = (code: number): RequestError => {
    switch (code) {
      case codes.RESOURCE_EXHAUSTED:
        return new RequestError('too_large', `The body is larger than ${maxBodyBytes} bytes.`);
      case codes.DEADLINE_EXCEEDED:
        return new RequestError('timeout', 'The deadline of the request is over.');
      case codes.UNIMPLEMENTED:
        return new RequestError('unsupported_type', 'grpc-encoding: expected gzip, deflate or identity.');
      default:
        return new RequestError('malformed', 'The message, or its deadline, is not what the headers say.');
    }
  };
  return (_, call) => {
    const end: TransportEnd = { answered: false, refusal: null };
    const send = call.sendStatus.bind(call);
    call.sendStatus = (status) => {
      if (end.answered) return send(status);
      end.refusal ??= refusalOf(status.code ?? codes.UNKNOWN);
      end.answered = true;
      return send({ ...status, code: codes[refusals[end.refusal.reason].grpc], details: end.refusal.message });
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            ends.set(metadata, end);
            pass(metadata);
          },
        }),
    });
  };
}
