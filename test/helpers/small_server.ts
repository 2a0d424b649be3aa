/** A server of a small network, for tests: 8 x 8 pixels, three classes. */
import { type LoadModelOptions, loadModel, type Model } from '../../lib/model/index.js';
import { type ServerOptions, type SlimnetServer, startServer } from '../../lib/server/index.js';
import type { Answered } from '../../lib/server/monitor.js';
import { smallNetwork } from './small_training.js';

export const side = 8;
export const labels = ['red', 'green: light', 'blue'];

export function smallModel(options: Partial<LoadModelOptions> = {}): Promise<Model> {
  return loadModel(smallNetwork, {
    untrainedSeed: 1,
    numClasses: 3,
    labels,
    files: false,
    threads: 1,
    precision: 'float32',
    batching: { maxBatchSize: 4, queueLimit: 64 },
    ...options,
  });
}

export interface SmallServer extends AsyncDisposable {
  readonly server: SlimnetServer;
  readonly model: Model;
  readonly url: string;
  /** What the server told its monitor, in order. */
  readonly answered: Answered[];
}

export async function smallServer(
  options: Partial<ServerOptions> = {},
  loading: Partial<LoadModelOptions> = {},
): Promise<SmallServer> {
  const model = await smallModel(loading);
  const answered: Answered[] = [];
  const server = await startServer({
    models: { small: model },
    port: 0,
    drainDelayMs: 0,
    monitor: { answered: (request) => answered.push(request) },
    ...options,
  });
  return {
    ...{ server, model, answered, url: server.url },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await model[Symbol.asyncDispose]();
    },
  };
}

/** Pixels for the network, in the form that it takes. */
export function preprocessedPixels(images: number, seed = 1): Float32Array {
  return Float32Array.from({ length: images * side * side * 3 }, (_, i) => ((i * 37 * seed) % 101) - 50);
}

/** Body and headers of a request in binary form. */
export function binaryRequest(
  message: Record<string, unknown>,
  ...sections: Uint8Array[]
): { readonly body: Buffer; readonly headers: Record<string, string> } {
  const json = Buffer.from(JSON.stringify(message));
  return {
    body: Buffer.concat([json, ...sections]),
    headers: { 'inference-header-content-length': String(json.length), 'content-type': 'application/octet-stream' },
  };
}

/** Elements of a BYTES tensor, each behind its length. */
export function bytesElements(...elements: Uint8Array[]): Buffer {
  return Buffer.concat(
    elements.flatMap((element) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(element.byteLength);
      return [length, element];
    }),
  );
}

export function bytesOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
