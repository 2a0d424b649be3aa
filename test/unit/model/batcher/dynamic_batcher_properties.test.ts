/** What holds of a batcher whatever comes: random arrivals, departures, failures and bounds, on a clock that stands still. */
import * as fc from 'fast-check';
import { batchSizesUpTo } from '../../../../lib/model/batch_sizes.js';
import { DynamicBatcher } from '../../../../lib/model/batcher/dynamic_batcher.js';
import { FakeClock } from '../../../helpers/fake_clock.js';

const keys = ['a', 'b', 'c'] as const;
type Key = (typeof keys)[number];

const arrival = fc.record({
  /** Milliseconds after the one before it. */
  gap: fc.oneof(fc.constant(0), fc.nat(6)),
  key: fc.constantFrom(...keys),
  count: fc.integer({ min: 1, max: 6 }),
  missing: fc.oneof(fc.constant(0), fc.nat(6)),
  prepareMs: fc.oneof(fc.constant(0), fc.nat(15)),
  prepareFails: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  abortAfter: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(30) }),
  timeoutMs: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(30) }),
  continues: fc.boolean(),
});

const scenario = fc.record({
  maxBatchSize: fc.integer({ min: 1, max: 7 }),
  maxQueueDelayMs: fc.oneof(fc.constant(0), fc.nat(8)),
  queueLimit: fc.integer({ min: 6, max: 20 }),
  arrivals: fc.array(arrival, { minLength: 1, maxLength: 30 }),
  runs: fc.array(
    fc.record({
      ms: fc.nat(12),
      fails: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  endAt: fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.record({ ms: fc.nat(60), how: fc.constantFrom('dispose' as const, 'close' as const) }) },
  ),
});

/** A request as the test sees it. A payload is its request's number and its own. */
interface Seen {
  readonly number: number;
  readonly key: Key;
  readonly payloads: number;
  state: 'refused' | 'preparing' | 'ready' | 'settled';
  settled: number;
  results: readonly string[] | null;
  error: unknown;
  /** What may end it early. */
  readonly reasons: Set<unknown>;
  timeout: boolean;
  /** Why it was refused at once. */
  code?: string | undefined;
  run: number;
}

async function play({ arrivals, runs, endAt, ...bounds }: typeof scenario extends fc.Arbitrary<infer T> ? T : never) {
  const clock = new FakeClock();
  const seen: Seen[] = [];
  const problems: string[] = [];
  const check = (right: boolean, what: string) => {
    if (!right) problems.push(`${clock.now()} ms: ${what}`);
  };
  const running = new Set<{ full: boolean }>();
  let runCount = 0;
  const ended = new Error('ended');

  const requestOf = (payload: string) => seen[Number(payload.split('.')[0])] as Seen;
  const waits = (of: Seen) => of.state === 'ready' && of.run < of.payloads;

  const batcher = new DynamicBatcher<Key, string, string>({
    ...bounds,
    clock,
    run: async (key, payloads, signal) => {
      const { ms, fails } = runs[runCount++ % runs.length] as (typeof runs)[number];
      const members = [...new Set(payloads.map(requestOf))];
      check(batchSizesUpTo(bounds.maxBatchSize).includes(payloads.length), `a batch of ${payloads.length}`);
      const full = payloads.length === bounds.maxBatchSize;
      check(
        running.size === 0 || (running.size === 1 && full),
        `${running.size} batches run, another of ${payloads.length}`,
      );
      for (const payload of payloads) {
        const request = requestOf(payload);
        check(request.key === key, `${payload} of key ${request.key} runs as ${key}`);
        check(request.state === 'ready', `${payload} runs, its request is ${request.state}`);
        check(payload === `${request.number}.${request.run}`, `${payload} runs out of its turn`);
        request.run++;
      }
      const numbers = members.map(({ number }) => number);
      check(numbers.join() === [...numbers].sort((a, b) => a - b).join(), `order ${numbers}`);
      const [first, last] = [numbers[0] as number, numbers.at(-1) as number];
      const passed = seen.filter((other) => waits(other) && other.number < last);
      // Those that just left hear of it in a moment.
      setImmediate(() => {
        const open = passed.filter(({ error }) => error === null);
        check(!open.some((other) => other.key === key), `${key}: an earlier request than ${last} was passed over`);
        if (bounds.maxQueueDelayMs === 0)
          check(!open.some(({ number }) => number < first), `a request of another key than ${first} was passed over`);
      });
      const batch = { full };
      running.add(batch);
      const onAbort = () => {
        // Those that leave hear of it in a moment.
        setImmediate(() => {
          check(
            members.every(({ state }) => state === 'settled'),
            `batch of ${numbers} cancelled, but one of them stayed`,
          );
        });
      };
      signal.addEventListener('abort', onAbort);
      try {
        await clock.sleep(ms);
        signal.throwIfAborted();
        if (fails) {
          const error = new Error(`run ${runCount}`);
          for (const { reasons } of members) reasons.add(error);
          throw error;
        }
        return payloads.map((payload) => `result ${payload}`);
      } finally {
        running.delete(batch);
        // One that has ended is not cancelled any more.
        signal.removeEventListener('abort', onAbort);
        signal.addEventListener('abort', () => check(false, `batch of ${numbers} cancelled after its end`));
      }
    },
  });

  const settle = (request: Seen, results: readonly string[] | null, error: unknown) => {
    Object.assign(request, { state: 'settled', results, error });
    request.settled++;
  };

  const submit = (number: number, what: (typeof arrivals)[number]) => {
    const { key, count, missing, prepareMs, prepareFails, abortAfter, timeoutMs, continues } = what;
    const payloads = Math.max(0, count - missing);
    const controller = new AbortController();
    const bad = new Error(`bad ${number}`);
    const left = new Error(`left ${number}`);
    const request: Seen = {
      ...{ number, key, payloads, state: 'preparing', settled: 0, results: null, error: null, run: 0 },
      reasons: new Set<unknown>([...(prepareFails ? [bad] : []), ...(endAt === null ? [] : [ended])]),
      timeout: timeoutMs !== undefined,
    };
    seen.push(request);
    const waiting = batcher.stats().waiting;
    const prepare = async () => {
      if (prepareMs > 0) await clock.sleep(prepareMs);
      if (prepareFails) throw bad;
      if (request.state !== 'settled') request.state = 'ready';
      return Array.from({ length: payloads }, (_, i) => `${number}.${i}`);
    };
    try {
      batcher.submit({ key, count, prepare, signal: controller.signal, timeoutMs, continues }).then(
        (results) => settle(request, results, null),
        (error: unknown) => settle(request, null, error),
      );
    } catch (error) {
      request.state = 'refused';
      request.code = (error as { code?: string }).code;
      const isFull = (error as { code?: string }).code === 'ERR_QUEUE_FULL';
      check(error === ended || (isFull && !continues), `refused with ${String(error)}`);
      if (isFull && timeoutMs === undefined && !arrivals.some((each) => each.continues))
        check(waiting + count > bounds.queueLimit, `refused with ${waiting} waiting and ${count} more`);
      return;
    }
    if (abortAfter === null) return;
    clock.after(abortAfter, () => {
      // The others must not feel it; whoever is settled already does not either.
      request.reasons.add(left);
      controller.abort(left);
    });
  };

  let at = 0;
  arrivals.forEach((each, i) => {
    at += each.gap;
    clock.after(at, () => submit(seen.length, arrivals[i] as (typeof arrivals)[number]));
  });
  if (endAt !== null) {
    clock.after(endAt.ms, () => {
      if (endAt.how === 'dispose') batcher.dispose(ended);
      else void batcher.close(ended);
    });
  }

  await clock.turn(Number.POSITIVE_INFINITY, () => {
    const { waiting } = batcher.stats();
    check(waiting >= 0 && waiting <= bounds.queueLimit, `${waiting} wait`);
    if (bounds.maxQueueDelayMs === 0) check(running.size > 0 || !seen.some(waits), 'nothing runs while one is ready');
  });

  const counts = { done: 0, timedOut: 0, givenUp: 0 };
  for (const request of seen) {
    const { number, payloads, state, settled, results, error, reasons, timeout } = request;
    if (state === 'refused') continue;
    check(settled === 1, `request ${number} settled ${settled} times`);
    if (results !== null) {
      counts.done += payloads;
      const expected = Array.from({ length: payloads }, (_, i) => `result ${number}.${i}`);
      check(results.join() === expected.join(), `request ${number} got ${results.join()}`);
      continue;
    }
    const { code } = error as { code?: string };
    const timedOut = timeout && code === 'ERR_ABORTED';
    if (timedOut) counts.timedOut++;
    const givenUp = timeout && code === 'ERR_QUEUE_FULL';
    if (givenUp) counts.givenUp++;
    const allowed = reasons.has(error) && (error !== ended || endAt?.how === 'dispose');
    check(timedOut || givenUp || allowed, `request ${number} ended with ${String(error)}, which is not its own`);
  }
  const stats = batcher.stats();
  check(stats.waiting === 0, `${stats.waiting} wait in the end`);
  const rejected = counts.givenUp + seen.filter(({ code }) => code === 'ERR_QUEUE_FULL').length;
  check(stats.rejected === rejected, `${rejected} rejected, ${stats.rejected} counted`);
  check(stats.timedOut === counts.timedOut, `${counts.timedOut} timed out, ${stats.timedOut} counted`);
  const images = Object.values(stats.imagesByBatchSize).reduce((a, b) => a + b, 0);
  check(images === seen.reduce((sum, { run }) => sum + run, 0), 'images by size do not add up');
  check(stats.batches === runCount, `${runCount} batches, ${stats.batches} counted`);
  check(clock.pending === 0, 'timers are left');
  return { problems, counts, seen, batches: runCount };
}

test('every request settles once, in order, within the bounds, and by nobody else’s fault', async () => {
  const sum = { requests: 0, done: 0, failed: 0, refused: 0, givenUp: 0, shared: 0 };
  await fc.assert(
    fc.asyncProperty(scenario, async (what) => {
      const { problems, seen, counts, batches } = await play(what);
      expect(problems).toEqual([]);
      sum.requests += seen.length;
      sum.done += counts.done;
      sum.givenUp += counts.givenUp;
      sum.failed += seen.filter(({ error }) => error !== null).length;
      sum.refused += seen.filter(({ state }) => state === 'refused').length;
      if (counts.done > batches) sum.shared++;
    }),
    { numRuns: 400, seed: Number(process.env.SLIMNET_FUZZ_SEED ?? 20240601) },
  );
  // The scenarios are worth something: all that may happen did.
  for (const count of Object.values(sum)) expect(count).toBeGreaterThan(50);
});
