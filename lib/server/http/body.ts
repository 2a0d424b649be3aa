/** Bodies of requests: read to a limit, unpacked to the same limit. */
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflate } from 'node:zlib';
import type { Place } from '../gate.js';
import { RequestError } from '../protocol/index.js';

const unpackers = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate } as const;

/** What the headers say of a body. */
export interface BodyHead {
  /** null: it comes in chunks, and its length is not known. */
  readonly length: number | null;
  readonly encoding: keyof typeof unpackers | null;
}

/** @throws RequestError for bodies that are too large, and encodings that are not known */
export function bodyHead(headers: Readonly<Record<string, string | string[] | undefined>>, maxBytes: number): BodyHead {
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding !== 'identity' && !Object.hasOwn(unpackers, encoding))
    throw new RequestError('unsupported_type', 'Content-Encoding: expected gzip, deflate or identity.');
  const length = headers['content-length'] === undefined ? null : Number(headers['content-length']);
  if (length !== null && length > maxBytes) throw tooLarge(maxBytes);
  return { length, encoding: encoding === 'identity' ? null : (encoding as keyof typeof unpackers) };
}

/**
 * Reads a body into memory of its own.
 * @param place where room is taken for what the headers did not tell
 * @throws RequestError (too_large, malformed, busy); what the stream throws when the client leaves
 */
export async function readBody(payload: Readable, head: BodyHead, maxBytes: number, place: Place): Promise<Uint8Array> {
  const known = head.encoding === null ? head.length : null;
  const collected = new Collected(known, maxBytes, place, head.length ?? 0);
  if (head.encoding === null) {
    for await (const chunk of payload) collected.add(chunk as Buffer);
    return collected.bytes();
  }
  const collect = new Transform({
    transform: (chunk: Buffer, _, done) => {
      try {
        collected.add(chunk);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  try {
    collect.resume();
    await pipeline(payload, unpackers[head.encoding](), collect, { end: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') === true)
      throw new RequestError('malformed', `The body is not what Content-Encoding says: ${(error as Error).message}.`);
    throw error;
  }
  return collected.bytes();
}

/** Chunks of a body, in one piece of memory from the start where the length is known. */
class Collected {
  readonly #whole: Uint8Array | null;
  readonly #chunks: Buffer[] = [];
  readonly #maxBytes: number;
  readonly #place: Place;
  #paid: number;
  #length = 0;

  /** @param paid bytes for which there is room already */
  constructor(known: number | null, maxBytes: number, place: Place, paid: number) {
    this.#whole = known === null ? null : new Uint8Array(known);
    this.#maxBytes = maxBytes;
    this.#place = place;
    this.#paid = paid;
  }

  add(chunk: Buffer): void {
    const at = this.#length;
    this.#length += chunk.byteLength;
    if (this.#length > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (this.#length > this.#paid) {
      this.#place.grow(this.#length - this.#paid);
      this.#paid = this.#length;
    }
    if (this.#whole === null) this.#chunks.push(chunk);
    else this.#whole.set(chunk, at);
  }

  bytes(): Uint8Array {
    if (this.#whole !== null) return this.#whole.subarray(0, this.#length);
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.byteLength;
    }
    return whole;
  }
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError('too_large', `The body is larger than ${maxBytes} bytes.`);
}
