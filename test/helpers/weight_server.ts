/** A server of archives on this machine, which can be as bad as the network is. */

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Headers, pack } from 'tar-stream';
import { writeCheckpoint } from '../../lib/checkpoint/index.js';

/** A V1 checkpoint with a few tensors. */
export async function smallCheckpoint(folder: string): Promise<Uint8Array> {
  const path = join(folder, 'small.ckpt');
  const data = Float32Array.from({ length: 20_000 }, (_, i) => Math.fround(Math.sin(i * i)));
  await writeCheckpoint(
    path,
    [{ name: 'resnet_v1_50/weights', dtype: 'float32', shape: [200, 100], data: () => data }],
    {
      format: 'tensorflow_v1',
    },
  );
  return readFileSync(path);
}

/** A gzipped tar archive of entries. */
export async function archiveOf(entries: readonly (readonly [Headers, (Uint8Array | string)?])[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content] of entries) {
    if (content === undefined) tar.entry(header);
    else tar.entry(header, Buffer.from(content));
  }
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar) parts.push(part);
  return gzipSync(Buffer.concat(parts));
}

export type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer, server: WeightServer) => void;

/** Bytes from where the request wants them, as long as the file is the one that it means. */
export const wellBehaved: Answer = (request, response, body) => {
  const etag = '"one"';
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined || request.headers['if-range'] !== etag) {
    response.writeHead(200, { 'content-length': body.length, etag }).end(body);
    return;
  }
  const start = Number(from);
  if (start >= body.length) {
    response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    return;
  }
  const rest = body.subarray(start);
  response
    .writeHead(206, {
      'content-length': rest.length,
      'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
      etag,
    })
    .end(rest);
};

/** Tells the whole length, sends a part of what is left, and hangs up once the client has that (`WeightServer.progress`). */
export const breakingOff =
  (bytes: number): Answer =>
  (request, response, body, server) => {
    const [, from = '0'] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(from);
    const rest = body.subarray(start);
    response.writeHead(start === 0 ? 200 : 206, {
      etag: '"one"',
      'content-length': rest.length,
      ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` }),
    });
    if (bytes === 0) response.destroy();
    else response.write(rest.subarray(0, bytes));
    server.hangUp = { response, at: start + bytes };
  };

export class WeightServer {
  readonly #server: Server;
  readonly #bodies: ReadonlyMap<string, Buffer>;
  /** What each next request gets; the last one stays. */
  answers: Answer[] = [wellBehaved];
  readonly requests: { readonly url: string; readonly range: string | undefined }[] = [];

  /** The answer that is to be broken off, and the bytes that the client must have by then. */
  hangUp: { readonly response: ServerResponse; readonly at: number } | undefined;

  /** What clients call as bytes come. */
  readonly progress = ({ received }: { readonly received: number }): void => {
    if (this.hangUp === undefined || received < this.hangUp.at) return;
    this.hangUp.response.destroy();
    this.hangUp = undefined;
  };

  private constructor(bodies: ReadonlyMap<string, Buffer>) {
    this.#bodies = bodies;
    this.#server = createServer((request, response) => {
      this.requests.push({ url: request.url ?? '', range: request.headers.range });
      const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
      const body = this.#bodies.get(request.url ?? '');
      if (body === undefined) response.writeHead(404).end();
      else answer?.(request, response, body, this);
    });
  }

  /** @param bodies what is served, by path */
  static async start(bodies: ReadonlyMap<string, Buffer>): Promise<WeightServer> {
    const made = new WeightServer(bodies);
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the server has no address');
    return `http://127.0.0.1:${address.port}/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Tells the whole length, sends the first bytes, and then nothing, but does not hang up. */
export const stalling =
  (bytes: number): Answer =>
  (_, response, body) => {
    response.writeHead(200, { etag: '"one"', 'content-length': body.length });
    response.write(body.subarray(0, bytes));
  };
