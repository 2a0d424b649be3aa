// A server whose requests share batches. Usage: node examples/server_batching.mjs CHECKPOINT LABELS [PICTURE...]
//
// POST a picture to http://localhost:8080/ and get its three most probable classes as JSON; the environment's PORT is another port.
// With pictures the program is its own client instead: it posts each of them four times at once, says how they were batched, and
// ends.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { loadModel } from '../dist/index.js';

const [checkpoint, labels, ...pictures] = process.argv.slice(2);
if (labels === undefined) {
  console.error('Usage: node examples/server_batching.mjs CHECKPOINT LABELS [PICTURE...]');
  process.exit(2);
}

const model = await loadModel('resnet_v1_50', {
  checkpoint,
  labels,
  // What clients send is an image, never the name of a file of the server.
  files: false,
  // Pictures that come while a batch runs go together into the next one. Nobody waits longer than 30 seconds.
  batching: { maxBatchSize: 8, queueLimit: 256, timeoutMs: 30_000 },
});
// Compiles the sizes of batches that will occur (1, 2, 4, 8), for classify alone.
await model.warmup({ outputs: ['predictions'] });

const statusOf = { ERR_IMAGE: 400, ERR_QUEUE_FULL: 503, ERR_DISPOSED: 503, ERR_ABORTED: 504 };
const maxBytes = 16 * 2 ** 20;

/** The body of a request; null when it is too large. */
async function bodyOf(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const server = createServer(async (request, response) => {
  const answer = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
  };
  // A client that goes away takes its picture with it: one that waits is never run, and the others do not notice.
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  try {
    const body = await bodyOf(request);
    if (body === null) return answer(413, { error: `More than ${maxBytes} bytes.` });
    answer(200, await model.classify(body, { topK: 3, signal: gone.signal }));
  } catch (error) {
    if (!gone.signal.aborted) answer(statusOf[error.code] ?? 500, { error: error.message });
  }
});

/** Takes no more requests, answers those that are there, and frees the model. */
async function stop() {
  await new Promise((resolve) => server.close(resolve));
  await model[Symbol.asyncDispose]();
}

await new Promise((resolve) => server.listen(pictures.length > 0 ? 0 : (process.env.PORT ?? 8080), resolve));
if (pictures.length === 0) {
  console.log(`listening on port ${server.address().port}`);
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} else {
  const url = `http://localhost:${server.address().port}/`;
  const files = pictures.map((path) => readFileSync(path));
  const requests = Array.from({ length: 4 * files.length }, (_, i) => {
    return fetch(url, { method: 'POST', body: files[i % files.length], headers: { connection: 'close' } });
  });
  const answers = await Promise.all(requests.map(async (request) => (await request).json()));
  files.forEach((_, i) => {
    console.log(`${pictures[i]}: ${answers[i][0]?.label ?? answers[i].error}`);
  });
  const { requests: count, batches, imagesByBatchSize } = model.stats().batching;
  console.log(
    `${count} requests, ${batches} batches; images by size of the batch: ${JSON.stringify(imagesByBatchSize)}`,
  );
  await stop();
}
