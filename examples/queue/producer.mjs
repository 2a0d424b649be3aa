// Puts pictures into a queue. Usage: node examples/queue/producer.mjs QUEUE LIST
//
// LIST has a path a line. A job is one picture, under a number made of its path: whoever adds a list twice, or goes on after a kill, adds nothing
// twice. REDIS_URL names the server (redis://127.0.0.1:6379). An installed package of slimnet has this folder too.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Queue } from 'bullmq';
import { connect, resultsKey } from './connection.mjs';

const [name, list] = process.argv.slice(2);
if (list === undefined) {
  console.error('Usage: node examples/queue/producer.mjs QUEUE LIST');
  process.exit(2);
}

const redis = connect();
const queue = new Queue(name, { connection: redis });

async function add(files) {
  // What has a result already needs no job.
  const known = await redis.hmget(resultsKey(name), ...files);
  const jobs = files
    .filter((_, i) => known[i] === null)
    .map((file) => ({
      name: 'classify',
      data: { file },
      // Jobs that are done leave: their results stay. A failure of the network or the disk is tried again.
      opts: {
        jobId: createHash('sha256').update(file).digest('hex'),
        removeOnComplete: true,
        attempts: 5,
        backoff: { type: 'exponential', delay: 1000 },
      },
    }));
  if (jobs.length > 0) await queue.addBulk(jobs);
  return jobs.length;
}

let [added, waiting] = [0, []];
for await (const file of createInterface({ input: createReadStream(list) })) {
  if (file !== '') waiting.push(file);
  if (waiting.length === 1000) added += await add(waiting.splice(0));
}
if (waiting.length > 0) added += await add(waiting);
console.log(`${added} jobs added`);
await queue.close();
redis.disconnect();
