/** Why a server says no: one line a reason, with what it is in HTTP and in gRPC. The counters of refusals have these names. */
import { type ErrorDetails, isSlimnetError, SlimnetError } from '../../errors.js';

/** Status of HTTP, and the code of gRPC. */
export const refusals = {
  malformed: { http: 400, grpc: 'INVALID_ARGUMENT', what: 'the request is not what the protocol says' },
  bad_tensor: { http: 400, grpc: 'INVALID_ARGUMENT', what: 'a tensor has the wrong name, type, shape or size' },
  bad_image: { http: 400, grpc: 'INVALID_ARGUMENT', what: 'an image cannot be decoded, or has too many pixels' },
  unauthorized: { http: 401, grpc: 'UNAUTHENTICATED', what: 'the token is missing or wrong' },
  not_found: { http: 404, grpc: 'NOT_FOUND', what: 'there is no such path, model or version' },
  slow_request: { http: 408, grpc: 'DEADLINE_EXCEEDED', what: 'the request did not come in time' },
  too_large: { http: 413, grpc: 'RESOURCE_EXHAUSTED', what: 'the body is larger than the limit' },
  too_many_images: { http: 413, grpc: 'INVALID_ARGUMENT', what: 'the request has more images than the limit' },
  unsupported_type: {
    http: 415,
    grpc: 'INVALID_ARGUMENT',
    what: 'the body has a type or an encoding that is not known',
  },
  client_gone: { http: 499, grpc: 'CANCELLED', what: 'the client left before the answer' },
  failed: { http: 500, grpc: 'INTERNAL', what: 'the model failed' },
  overloaded: { http: 503, grpc: 'UNAVAILABLE', what: 'the queue is full, or the time limit cannot be met' },
  busy: { http: 503, grpc: 'UNAVAILABLE', what: 'too many requests, or bytes of them, are in progress' },
  not_ready: { http: 503, grpc: 'UNAVAILABLE', what: 'the model is being loaded or unloaded, or failed to load' },
  stopping: { http: 503, grpc: 'UNAVAILABLE', what: 'the server is shutting down' },
  timeout: { http: 504, grpc: 'DEADLINE_EXCEEDED', what: 'the time limit of the request is over' },
} as const;

export type RefusalReason = keyof typeof refusals;

/** A request that was refused. */
export class RequestError extends SlimnetError {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string, details: ErrorDetails = {}) {
    super(message, details, 'ERR_ARGUMENT');
    this.reason = reason;
  }
}

/**
 * The refusal that an error of a model stands for. Hints are for those who run the server: clients have no options of `loadModel`. Of
 * what is nobody's mistake but the server's own, clients hear nothing more.
 */
export function refusalOf(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  const reason = isSlimnetError(error) ? reasonOfCode[error.code] : undefined;
  if (!isSlimnetError(error) || reason === undefined)
    return new RequestError('failed', 'The server failed; its log says why.', { cause: error });
  const { retryAfterMs, message } = SlimnetError.respell(error, () => null);
  return new RequestError(reason, message, { cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

const reasonOfCode: Partial<Record<string, RefusalReason>> = {
  ERR_IMAGE: 'bad_image',
  ERR_ARGUMENT: 'malformed',
  ERR_QUEUE_FULL: 'overloaded',
  ERR_ABORTED: 'timeout',
  ERR_DISPOSED: 'not_ready',
};
