/** Sending answers: bodies in parts, packed where the client takes that. */
import { promisify } from 'node:util';
import { constants, deflate, gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type EncodedResponse, type RequestError, refusals } from '../protocol/index.js';

const packers = { gzip: promisify(gzip), deflate: promisify(deflate) } as const;
type Packing = keyof typeof packers;
/** Smaller bodies fit into a packet or two as they are. */
const leastPacked = 2048;

/** Sends a response of the protocol. */
export async function sendEncoded(
  request: FastifyRequest,
  reply: FastifyReply,
  { parts, jsonLength }: EncodedResponse,
): Promise<FastifyReply> {
  if (jsonLength !== null) reply.header('Inference-Header-Content-Length', jsonLength);
  reply.type(jsonLength === null ? 'application/json; charset=utf-8' : 'application/octet-stream');
  return sendBytes(request, reply, Buffer.concat(parts));
}

export function sendJson(request: FastifyRequest, reply: FastifyReply, value: unknown): Promise<FastifyReply> {
  reply.type('application/json; charset=utf-8');
  return sendBytes(request, reply, Buffer.from(`${JSON.stringify(value)}\n`));
}

/** Sends a text, whose type the reply has. */
export function sendText(request: FastifyRequest, reply: FastifyReply, text: string): Promise<FastifyReply> {
  return sendBytes(request, reply, Buffer.from(text));
}

async function sendBytes(request: FastifyRequest, reply: FastifyReply, bytes: Buffer): Promise<FastifyReply> {
  reply.header('Vary', 'Accept-Encoding');
  const packing = bytes.byteLength < leastPacked ? null : packingFor(request.headers['accept-encoding']);
  if (packing === null) return reply.send(bytes);
  const packed = await packers[packing](bytes, { level: constants.Z_BEST_SPEED });
  return reply.header('Content-Encoding', packing).send(packed);
}

/** Of gzip and deflate the one that the client prefers; null for neither. */
function packingFor(accepted: string | string[] | undefined): Packing | null {
  let [best, bestWeight]: [Packing | null, number] = [null, 0];
  for (const part of String(accepted ?? '')
    .toLowerCase()
    .split(',')) {
    const [name = '', ...options] = part.split(';').map((text) => text.trim());
    const weight = Number(options.find((option) => option.startsWith('q='))?.slice(2) ?? 1);
    if (Object.hasOwn(packers, name) && weight > bestWeight) [best, bestWeight] = [name as Packing, weight];
  }
  return best;
}

/** Sends a refusal. */
export function sendRefusal(reply: FastifyReply, error: RequestError): FastifyReply {
  const { http } = refusals[error.reason];
  if (http === 503) reply.header('Retry-After', Math.max(1, Math.ceil((error.retryAfterMs ?? 1000) / 1000)));
  if (http === 401) reply.header('WWW-Authenticate', 'Bearer');
  return reply
    .code(http)
    .type('application/json; charset=utf-8')
    .send(`${JSON.stringify({ error: error.message })}\n`);
}
