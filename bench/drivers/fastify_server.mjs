// Somebody else's runtime behind fastify, as a good user writes it: a picture or a tensor in the body, the five most probable classes as JSON. With
// `batched`, what has come while the network ran is the next batch, as slimnet has it.
import Fastify from 'fastify';
import { bodiesOf } from './requests.mjs';
import { topFive } from './sharp_pipeline.mjs';

const maxBatch = 32;
const decodesAtOnce = 4;

/** @param run logits of a batch of pixels */
function oneByOne(run) {
  return (pixels) => run(pixels, 1);
}

/** Images that come while a batch runs are the next one. */
function batcher(run) {
  const waiting = [];
  let running = false;
  const next = async () => {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch);
      const size = batch[0].pixels.length;
      const input = batch.length === 1 ? batch[0].pixels : new Float32Array(batch.length * size);
      if (batch.length > 1) for (const [i, { pixels }] of batch.entries()) input.set(pixels, i * size);
      try {
        const logits = await run(input, batch.length);
        const classes = logits.length / batch.length;
        for (const [i, { resolve }] of batch.entries()) resolve(logits.subarray(i * classes, (i + 1) * classes));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  };
  return (pixels) =>
    new Promise((resolve, reject) => {
      waiting.push({ pixels, resolve, reject });
      if (!running) void next();
    });
}

/** Runs no more than so many at once. */
function limited(most, work) {
  let running = 0;
  const waiting = [];
  return async (value) => {
    if (running >= most) await new Promise((resolve) => waiting.push(resolve));
    running++;
    try {
      return await work(value);
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}

/** @returns what the load needs to know (kinds/serve.mjs) */
export async function fastifyServer(task, { run, pipeline, pixels }) {
  const infer = task.batched ? batcher(run) : oneByOne(run);
  const decode = limited(decodesAtOnce, pipeline.input);
  // All sizes of batches that will come, so that no caller waits for what is made once.
  for (let size = 1; size <= (task.batched ? maxBatch : 1); size *= 2) await run(pixels(size), size);
  const app = Fastify({ bodyLimit: 2 ** 25 });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  app.post('/jpeg', async ({ body }) => ({ predictions: topFive(await infer(await decode(body))) }));
  app.post('/tensor', async ({ body }) => {
    const aligned = body.byteOffset % 4 === 0 ? body : Buffer.from(new Uint8Array(body).buffer);
    const values = new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
    return { predictions: topFive(await infer(values)) };
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    ...{ url, path: `/${task.way}`, headers: { 'Content-Type': 'application/octet-stream' } },
    bodies: bodiesOf(task, pixels),
    stop: () => app.close(),
  };
}
