// Writes the results of a queue as JSON lines. Usage: node examples/queue/results.mjs QUEUE > results.jsonl
//
// Exit status 1: there are jobs without a result, which is told on standard error.
import { Queue } from 'bullmq';
import { connect, resultsKey } from './connection.mjs';

const [name] = process.argv.slice(2);
if (name === undefined) {
  console.error('Usage: node examples/queue/results.mjs QUEUE');
  process.exit(2);
}

const redis = connect();
const queue = new Queue(name, { connection: redis });
const { waiting, active, delayed, failed } = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
// A scan may give what it gave before.
const given = new Set();
let cursor = '0';
do {
  const [next, fields] = await redis.hscan(resultsKey(name), cursor, 'COUNT', 1000);
  cursor = next;
  for (let i = 0; i < fields.length; i += 2) {
    if (!given.has(fields[i])) console.log(JSON.stringify({ file: fields[i], ...JSON.parse(fields[i + 1]) }));
    given.add(fields[i]);
  }
} while (cursor !== '0');
console.error(
  `${given.size} results; jobs: ${waiting} wait, ${active} run, ${delayed} are tried again later, ${failed} failed`,
);
process.exitCode = waiting + active + delayed + failed > 0 ? 1 : 0;
await queue.close();
redis.disconnect();
