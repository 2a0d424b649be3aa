/** The thread that reads and writes long JSON. It has the protocol, and nothing else of slimnet. */
import { parentPort } from 'node:worker_threads';
import {
  decodeRequest,
  type EncodedResponse,
  encodeResponse,
  type InferRequest,
  type InferResponse,
  type NamedTensor,
  type RefusalReason,
  RequestError,
} from './protocol/index.js';

export type JsonQuestion =
  | { readonly kind: 'decode'; readonly body: Uint8Array; readonly jsonLength: number | null }
  | { readonly kind: 'encode'; readonly response: InferResponse; readonly binary: readonly string[] };

export type JsonAnswer =
  | { readonly kind: 'decoded'; readonly request: InferRequest }
  | { readonly kind: 'encoded'; readonly response: EncodedResponse }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly message: string };

function answerTo(question: JsonQuestion): JsonAnswer {
  try {
    if (question.kind === 'decode')
      return { kind: 'decoded', request: decodeRequest(question.body, question.jsonLength) };
    return { kind: 'encoded', response: encodeResponse(question.response, (name) => question.binary.includes(name)) };
  } catch (error) {
    if (error instanceof RequestError) return { kind: 'refused', reason: error.reason, message: error.message };
    throw error;
  }
}

/** The memory of an answer, which goes with it instead of being copied. */
function memoryOf(answer: JsonAnswer): ArrayBuffer[] {
  if (answer.kind === 'encoded') return unique(answer.response.parts.map(({ buffer }) => buffer));
  if (answer.kind === 'decoded') return unique(answer.request.inputs.flatMap(buffersOf));
  return [];
}

function buffersOf({ datatype, data }: NamedTensor): ArrayBufferLike[] {
  return datatype === 'BYTES' ? data.map(({ buffer }) => buffer) : [(data as Float32Array).buffer];
}

/** Small buffers are parts of one that Node shares, and must not be given away. */
function unique(buffers: readonly ArrayBufferLike[]): ArrayBuffer[] {
  return [...new Set(buffers)].filter((buffer) => buffer !== shared) as ArrayBuffer[];
}
const shared: ArrayBufferLike = Buffer.allocUnsafe(1).buffer;

parentPort?.on('message', ({ number, question }: { number: number; question: JsonQuestion }) => {
  const answer = answerTo(question);
  parentPort?.postMessage({ number, answer }, memoryOf(answer));
});
