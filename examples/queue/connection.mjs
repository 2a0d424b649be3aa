import { Redis } from 'ioredis';

/** A connection to the server that REDIS_URL names. Workers wait for one that is away for a while. */
export function connect() {
  return new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
}

/** Where the results of a queue are: a hash with a field for each picture. */
export function resultsKey(queue) {
  return `slimnet:results:${queue}`;
}
