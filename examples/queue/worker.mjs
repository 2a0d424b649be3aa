// Classifies the pictures of a queue. Usage: node examples/queue/worker.mjs QUEUE CHECKPOINT [LABELS]
//
// Start as many as there are machines, or one for each group of cores. BullMQ hands out each job at least once: one whose worker was killed is given to
// another as soon as its lock has run out. The result is stored under the picture's path, so a job that is done twice is there once. SIGTERM and Ctrl-C end
// the work in order. REDIS_URL names the server; SLIMNET_LOCK_MS how long a lock holds (30 s).
import { UnrecoverableError, Worker } from 'bullmq';
import { loadModel } from '../../dist/index.js';
import { connect, resultsKey } from './connection.mjs';

const [name, checkpoint, labels] = process.argv.slice(2);
if (checkpoint === undefined) {
  console.error('Usage: node examples/queue/worker.mjs QUEUE CHECKPOINT [LABELS]');
  process.exit(2);
}

const batch = 32;
const lockDuration = Number(process.env.SLIMNET_LOCK_MS ?? 30_000);
const model = await loadModel(process.env.SLIMNET_MODEL ?? 'auto', {
  checkpoint,
  ...(labels === undefined ? {} : { labels }),
  ...(process.env.SLIMNET_IMAGE_SIZE === undefined ? {} : { imageSize: Number(process.env.SLIMNET_IMAGE_SIZE) }),
  batching: { maxBatchSize: batch },
});
const redis = connect();

async function classify({ data: { file } }) {
  try {
    return { predictions: await model.classify(file, { topK: Math.min(5, model.numClasses) }) };
  } catch (error) {
    // What is wrong with a picture stays wrong: that is its result. All else is tried again.
    if (error.code === 'ERR_IMAGE') return { error: { code: error.code, message: error.message } };
    if (error.code === 'ERR_ARGUMENT') throw new UnrecoverableError(error.message);
    throw error;
  }
}

const worker = new Worker(
  name,
  async (job) => {
    const result = await classify(job);
    // Before the job counts as done: there is no moment at which neither job nor result is there.
    await redis.hset(resultsKey(name), job.data.file, JSON.stringify(result));
  },
  {
    connection: connect(),
    // Calls that meet share batches: two batches of jobs, so that one is decoded while the other one runs.
    concurrency: 2 * batch,
    lockDuration,
    stalledInterval: lockDuration,
    // A picture that ends the process would be tried for ever; one whose worker was killed may be unlucky more than once.
    maxStalledCount: 20,
  },
);
worker.on('error', (error) => console.error(`queue: ${error.message}`));
worker.on('failed', (job, error) => console.error(`${job?.data.file}: ${error.message}`));
console.log(`working on ${name}`);

for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, async () => {
    // Waits for the jobs that have begun.
    await worker.close();
    await model[Symbol.asyncDispose]();
    process.exit(0);
  });
