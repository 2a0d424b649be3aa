/** Bodies of requests: read to a limit, unpacked to the same limit. */
import { IncomingMessage } from 'node:http';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflate } from 'node:zlib';
import { loadAddon } from '../../native/binding.js';
import { release } from '../../native/release.js';
import type { Place } from '../gate.js';
import { isLong } from '../json_worker_pool.js';
import { RequestError } from '../protocol/index.js';
import type { Turns } from '../turns.js';

const unpackers = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate } as const;

/** What the headers say of a body. */
export interface BodyHead {
  /** null: it comes in chunks, and its length is not known. */
  readonly length: number | null;
  readonly encoding: keyof typeof unpackers | null;
  /** Bytes of JSON in front of the data of tensors; null where all is JSON. */
  readonly jsonLength: number | null;
}

/** @throws RequestError for bodies that are too large, and encodings that are not known */
export function bodyHead(headers: Readonly<Record<string, string | string[] | undefined>>, maxBytes: number): BodyHead {
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding !== 'identity' && !Object.hasOwn(unpackers, encoding))
    throw new RequestError('unsupported_type', 'Content-Encoding: expected gzip, deflate or identity.');
  const length = headers['content-length'] === undefined ? null : Number(headers['content-length']);
  if (length !== null && length > maxBytes) throw tooLarge(maxBytes);
  const json = jsonLength(headers['inference-header-content-length']);
  return { length, encoding: encoding === 'identity' ? null : (encoding as keyof typeof unpackers), jsonLength: json };
}

/** @throws RequestError */
function jsonLength(text: string | string[] | undefined): number | null {
  if (text === undefined) return null;
  if (typeof text === 'string' && /^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new RequestError('malformed', 'Inference-Header-Content-Length: expected a number of bytes.');
}

/** Whether tensors behind the JSON of a body are in memory of the addon's own. */
export function mayBorrow(head: BodyHead | null): boolean {
  return head !== null && head.jsonLength !== null && !isLong(head.jsonLength);
}

/** How a body is read. */
export interface Reading {
  readonly maxBytes: number;
  /** Where room is taken for what the headers did not tell. */
  readonly place: Place;
  /** When its parts are taken; until then the client sends no more than fits into buffers. */
  readonly turns: Turns;
}

/**
 * Reads a body into memory of its own.
 * @throws RequestError (too_large, malformed, busy); what the stream throws when the client leaves
 */
export async function readBody(
  payload: Readable,
  head: BodyHead,
  { maxBytes, place, turns }: Reading,
): Promise<Uint8Array> {
  const known = head.encoding === null ? head.length : null;
  // Node's parser makes memory for each part, which is ours where nobody else listens.
  const owned = head.encoding === null && payload instanceof IncomingMessage && payload.listenerCount('data') === 0;
  const collected = new Collected(known, head.jsonLength, maxBytes, place, head.length ?? 0, owned);
  const collect = new Writable({
    write: (chunk: Buffer, _, done) =>
      turns.run(() => {
        try {
          collected.add(chunk);
          done();
        } catch (error) {
          done(error as Error);
        }
      }),
  });
  try {
    if (head.encoding === null) await pour(payload, collect);
    else await pipeline(payload, unpackers[head.encoding](), collect);
  } catch (error) {
    collected.drop();
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') === true)
      throw new RequestError('malformed', `The body is not what Content-Encoding says: ${(error as Error).message}.`);
    throw error;
  }
  return collected.bytes();
}

/** All of a body. (`pipeline` would part the request from its connection; `for await` puts parts together that have come, one more copy.) */
function pour(from: Readable, to: Writable): Promise<void> {
  const gone = () => new RequestError('client_gone', 'The client has left.');
  return new Promise((resolve, reject) => {
    // Of what has ended already nothing more is heard.
    if (from.destroyed && !from.readableEnded) return reject(gone());
    to.once('finish', resolve).once('error', (error) => {
      from.unpipe(to);
      reject(error);
    });
    from.once('error', reject).once('close', () => {
      if (!from.readableEnded) reject(gone());
    });
    from.pipe(to);
  });
}

/** Chunks of a body, in one piece of memory from the start where the length is known. */
class Collected {
  readonly #whole: Uint8Array | null;
  readonly #chunks: Buffer[] = [];
  readonly #maxBytes: number;
  readonly #place: Place;
  readonly #owned: boolean;
  readonly #jsonLength: number | null;
  #paid: number;
  #length = 0;
  #dropped = false;

  /**
   * @param jsonLength what follows so many bytes can be read as numbers where it is; null for nothing
   * @param paid bytes for which there is room already @param owned chunks are given for good
   */
  constructor(
    known: number | null,
    jsonLength: number | null,
    maxBytes: number,
    place: Place,
    paid: number,
    owned: boolean,
  ) {
    this.#whole = known === null ? null : memoryOf(known, jsonLength);
    this.#maxBytes = maxBytes;
    this.#place = place;
    this.#paid = paid;
    this.#owned = owned;
    this.#jsonLength = jsonLength;
  }

  add(chunk: Buffer): void {
    if (this.#dropped) return;
    const at = this.#length;
    this.#length += chunk.byteLength;
    if (this.#length > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (this.#length > this.#paid) {
      this.#place.grow(this.#length - this.#paid);
      this.#paid = this.#length;
    }
    if (this.#whole === null) {
      this.#chunks.push(chunk);
      return;
    }
    this.#whole.set(chunk, at);
    if (this.#owned) release([chunk]);
  }

  /** Nothing comes of it. */
  drop(): void {
    this.#dropped = true;
    if (this.#whole !== null) release([new Uint8Array(this.#whole.buffer)]);
  }

  bytes(): Uint8Array {
    if (this.#whole !== null) return this.#whole.subarray(0, this.#length);
    const whole = memoryOf(this.#length, this.#jsonLength);
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.byteLength;
    }
    if (this.#owned) release(this.#chunks);
    return whole;
  }
}

/** The largest elements of tensors have so many bytes. */
const alignment = 8;

/**
 * Memory for a body, which is given back when the request is done with (`giveBack`). What is behind `jsonLength` bytes can be read as numbers of
 * any type, and by a run where it is. Long JSON goes to another thread, to which only JavaScript's own memory can go.
 */
function memoryOf(length: number, jsonLength: number | null): Uint8Array {
  const padding = jsonLength === null ? 0 : (alignment - (jsonLength % alignment)) % alignment;
  const bytes = padding + length;
  return isLong(jsonLength ?? length)
    ? new Uint8Array(new ArrayBuffer(bytes), padding)
    : // Two dimensions: one alone may not have the 2 GiB that a body may have.
      (loadAddon().hold('uint8', [Math.ceil(bytes / alignment), alignment]) as Uint8Array).subarray(padding, bytes);
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError('too_large', `The body is larger than ${maxBytes} bytes.`);
}
