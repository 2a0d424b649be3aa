// A model behind a route of Express. Usage: node examples/server_express.mjs CHECKPOINT LABELS [PICTURE...]
//
// POST a picture to http://localhost:8080/classify and get its three most probable classes as JSON; the environment's PORT is another port.
// Needs `npm install express@5`. With pictures the program is its own client instead: it posts each of them, prints the answers, and ends.
import { readFileSync } from 'node:fs';
import express from 'express';
import { loadModel } from '../dist/index.js';

const [checkpoint, labels, ...pictures] = process.argv.slice(2);
if (labels === undefined) {
  console.error('Usage: node examples/server_express.mjs CHECKPOINT LABELS [PICTURE...]');
  process.exit(2);
}

// Requests that come together share batches. `files: false`: what clients send is an image, never the name of a file of the server.
const model = await loadModel('resnet_v1_50', {
  checkpoint,
  labels,
  files: false,
  batching: { maxBatchSize: 8, queueLimit: 256, timeoutMs: 30_000 },
});
await model.warmup({ outputs: ['predictions'] });

/** Refuses what could not be answered in time, before its body is read. */
function refuseEarly(_request, _response, next) {
  next(model.refusal(['predictions'], 1, {}) ?? undefined);
}

async function classify(request, response) {
  // A client that goes away takes its picture with it.
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.json(await model.classify(request.body, { topK: 3, signal: gone.signal }));
}

const statusOf = { ERR_IMAGE: 400, ERR_ARGUMENT: 400, ERR_QUEUE_FULL: 503, ERR_DISPOSED: 503, ERR_ABORTED: 504 };

function answerError(error, _request, response, _next) {
  // The client has left: there is nobody to answer.
  if (response.destroyed) return;
  const { code, status, retryAfterMs, message } = error;
  if (retryAfterMs !== undefined) response.set('Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  response.status(statusOf[code] ?? status ?? 500).json({ error: message });
}

const app = express();
app.post('/classify', refuseEarly, express.raw({ type: () => true, limit: '16mb' }), classify);
app.use(answerError);

const server = app.listen(pictures.length > 0 ? 0 : (process.env.PORT ?? 8080), async () => {
  const { port } = server.address();
  if (pictures.length === 0) {
    console.log(`listening on port ${port}`);
    return;
  }
  for (const path of pictures) {
    const response = await fetch(`http://localhost:${port}/classify`, { method: 'POST', body: readFileSync(path) });
    const answer = await response.json();
    console.log(`${path}: ${response.status} ${answer.error ?? answer.map(({ label }) => label).join(', ')}`);
  }
  stop();
});

/** Takes no more requests, answers those that are there, and frees the model. */
function stop() {
  server.close(() => model[Symbol.asyncDispose]());
  server.closeIdleConnections();
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
