/** What a batcher does with more than it can do, on a clock that stands still. */

import type { SlimnetError } from '../../../../lib/errors.js';
import {
  type BatcherOptions,
  type BatcherRequest,
  DynamicBatcher,
} from '../../../../lib/model/batcher/dynamic_batcher.js';
import { FakeClock } from '../../../helpers/fake_clock.js';
import { hash } from '../../../helpers/generator.js';

type Asked = Partial<BatcherRequest<string, number>>;

/** A batcher whose batches take `time` milliseconds by their size. */
function setUp(time: (size: number) => number, changes: Partial<BatcherOptions<string, number, number>> = {}) {
  const clock = (changes.clock as FakeClock | undefined) ?? new FakeClock();
  const batches: { payloads: readonly number[]; at: number }[] = [];
  // When each of those that run at once is free: a batch that is handed over earlier waits.
  const free = new Array<number>(changes.runsAtOnce ?? 1).fill(0);
  const batcher = new DynamicBatcher<string, number, number>({
    ...{ maxBatchSize: 16, maxQueueDelayMs: 0, queueLimit: 256, clock },
    run: async (_, payloads, signal) => {
      free.sort((x, y) => x - y);
      const at = Math.max(clock.now(), free[0] as number);
      free[0] = at + time(payloads.length);
      batches.push({ payloads: [...payloads], at });
      await clock.sleep(free[0] - clock.now());
      signal.throwIfAborted();
      return payloads;
    },
    ...changes,
  });
  const submit = (payloads: readonly number[], asked: Asked = {}) => {
    const end = {
      state: 'open',
      error: undefined as SlimnetError | undefined,
      settled: Promise.resolve() as Promise<unknown>,
    };
    const failed = (error: SlimnetError) => Object.assign(end, { state: error.code, error });
    try {
      end.settled = batcher
        .submit({ key: 'a', count: payloads.length, prepare: async () => payloads, ...asked })
        .then(() => Object.assign(end, { state: 'done' }), failed);
    } catch (error) {
      failed(error as SlimnetError);
    }
    return end;
  };
  /** Lets it learn how long the sizes take. */
  const learn = async (...sizes: readonly number[]) => {
    for (const size of [...sizes, ...sizes]) {
      submit(new Array(size).fill(0));
      await clock.turn(1000);
    }
    batches.length = 0;
  };
  return { clock, batcher, batches, submit, learn };
}

describe('a time limit that cannot be met', () => {
  test('is refused at once, and can be met after the time that the error tells', async () => {
    const { clock, submit, learn, batcher } = setUp((size) => 10 * size);
    await learn(1, 16);
    const first = submit(new Array(16).fill(1), { timeoutMs: 1000 });
    await clock.turn(10);
    const refused = submit([2], { timeoutMs: 100 });
    expect(refused.error).toMatchObject({ code: 'ERR_QUEUE_FULL', retryAfterMs: expect.any(Number) });
    expect(refused.error?.message).toMatch(/The time limit of 100 ms cannot be met: 0 images wait, 1 more came/);
    const { retryAfterMs = 0 } = refused.error ?? {};
    expect(retryAfterMs).toBeGreaterThan(50);
    expect(retryAfterMs).toBeLessThan(70);
    await clock.turn(retryAfterMs);
    const later = submit([3], { timeoutMs: 100 });
    await clock.turn(1000);
    expect([first.state, later.state]).toEqual(['done', 'done']);
    expect(batcher.stats()).toMatchObject({ rejected: 1, timedOut: 0 });
  });

  test('holds for the whole of a call of several parts', async () => {
    const { clock, submit, learn } = setUp((size) => 10 * size);
    await learn(1, 16);
    submit([1]);
    await clock.turn(1);
    expect(submit(new Array(16).fill(1), { timeoutMs: 500, follow: 48 }).state).toBe('ERR_QUEUE_FULL');
    expect(submit(new Array(16).fill(1), { timeoutMs: 800, follow: 48 }).state).toBe('open');
  });

  test('is no reason to refuse anything while nothing was measured, or nothing is to do', async () => {
    const { clock, submit } = setUp((size) => 10 * size);
    const unknown = [submit([1], { timeoutMs: 5 }), submit([2], { timeoutMs: 50 })];
    await clock.turn(1000);
    expect(unknown.map(({ state }) => state)).toEqual(['ERR_ABORTED', 'done']);
    // Too little for what is known by now, but the device is idle.
    expect(submit([3], { timeoutMs: 5 }).state).toBe('open');
    expect(submit([4], { timeoutMs: 5 }).state).toBe('ERR_QUEUE_FULL');
  });

  test('is not prepared for', async () => {
    const { clock, submit, learn } = setUp((size) => 10 * size);
    await learn(1, 16);
    let prepared = 0;
    const prepare = async () => {
      prepared++;
      await clock.sleep(5);
      return [1];
    };
    const ends = Array.from({ length: 200 }, () => submit([1], { timeoutMs: 300, prepare }));
    await clock.turn(2000);
    expect(ends.filter(({ state }) => state === 'ERR_ABORTED')).toEqual([]);
    expect(prepared).toBe(ends.filter(({ state }) => state === 'done').length);
  });

  test('is given up while it waits once batches turn out to be slower', async () => {
    let slow = 1;
    const { clock, submit, learn } = setUp((size) => slow * 10 * size, { maxBatchSize: 1 });
    await learn(1);
    slow = 5;
    submit([0]);
    const ends = Array.from({ length: 8 }, (_, i) => submit([i], { timeoutMs: 120 }));
    await clock.turn(51);
    expect(ends.map(({ state }) => state)).toEqual(['open', ...new Array(7).fill('ERR_QUEUE_FULL')]);
    await clock.turn(1000);
    expect(ends[0]?.state).toBe('done');
  });

  test('that is over takes no place in a batch, even if its timer is late', async () => {
    class LateClock extends FakeClock {
      override after(ms: number, call: () => void): () => void {
        return super.after(ms === 50 ? 10_000 : ms, call);
      }
    }
    const { clock, submit, batches } = setUp((size) => 100 * size, { clock: new LateClock() });
    submit([1]);
    await clock.turn(1);
    const over = submit([2], { timeoutMs: 50 });
    const other = submit([3], { timeoutMs: 5000 });
    await clock.turn(1000);
    expect(batches.map(({ payloads }) => payloads)).toEqual([[1], [3]]);
    expect([over.state, other.state]).toEqual(['ERR_ABORTED', 'done']);
  });
});

describe('batches', () => {
  test('are cut to what the tightest limit in them allows', async () => {
    const { clock, submit, learn, batches } = setUp((size) => 20 + 10 * size);
    await learn(1, 2, 4, 8, 16);
    submit([0]);
    await clock.turn(1);
    const tight = submit([1], { timeoutMs: 29 + 70 });
    for (let i = 2; i <= 16; i++) submit([i], { timeoutMs: 5000 });
    await clock.turn(1000);
    expect(batches.map(({ payloads }) => payloads.length)).toEqual([1, 4, 8, 4]);
    expect(tight.state).toBe('done');
  });

  test('do not wait for company longer than a limit allows', async () => {
    const { clock, submit, learn, batches } = setUp((size) => 10 * size, { maxQueueDelayMs: 500 });
    await learn(1);
    const start = clock.now();
    const end = submit([1], { timeoutMs: 100 });
    await clock.turn(1000);
    expect(end.state).toBe('done');
    expect((batches[0]?.at ?? 0) - start).toBeGreaterThan(80);
  });
});

describe('the door', () => {
  test('is not shut by one slow batch', async () => {
    let suspended = false;
    const { clock, submit, learn } = setUp((size) => (suspended ? 3_600_000 : 10 * size));
    await learn(1, 16);
    suspended = true;
    submit(new Array(16).fill(0));
    await clock.turn(3_600_000);
    suspended = false;
    submit([0]);
    await clock.turn(1);
    const after = [submit([1], { timeoutMs: 100 }), submit(new Array(16).fill(1), { timeoutMs: 1000 })];
    await clock.turn(5000);
    expect(after.map(({ state }) => state)).toEqual(['done', 'done']);
  });

  test('opens again after a first batch that was slow, and after batches that were given up', async () => {
    let cold = true;
    const { clock, submit } = setUp((size) => (cold ? 30_000 : 10 * size));
    for (let i = 0; i < 3; i++) submit(new Array(16).fill(0), { timeoutMs: 1000 });
    await clock.turn(100_000);
    cold = false;
    // Whoever finds the device idle is taken.
    const states: string[] = [];
    for (let i = 0; i < 4; i++) {
      const ends = Array.from({ length: 16 }, () => submit([1], { timeoutMs: 1000 }));
      await clock.turn(5000);
      states.push(String(ends.filter(({ state }) => state === 'done').length));
    }
    expect(states.slice(1)).toEqual(['16', '16', '16']);
  });

  test('a full queue tells when there will be room', async () => {
    const { clock, submit, learn } = setUp((size) => 10 * size, { queueLimit: 16 });
    await learn(1, 16);
    submit(new Array(16).fill(0));
    await clock.turn(1);
    submit(new Array(16).fill(0));
    const refused = submit([1]);
    expect(refused.error).toMatchObject({ code: 'ERR_QUEUE_FULL', retryAfterMs: expect.any(Number) });
    await clock.turn(refused.error?.retryAfterMs ?? 0);
    expect(submit([1]).state).toBe('open');
  });
});

/** How long a batch takes by its size and by what chance says, 0 to 1. */
type Service = (size: number, chance: number) => number;

const services: Readonly<Record<string, Service>> = {
  'in proportion to their size': (size) => 66 * size,
  'with a large part that is always the same': (size) => 50 + 10 * size,
  'that vary by a fifth': (size, chance) => (50 + 10 * size) * (0.8 + 0.4 * chance),
  'that vary by ten': (size, chance) => (3 + size) * (1 + 9 * chance),
};

/**
 * Requests of one payload, each with a limit of so many of the longest full batches, while so many full batches could run.
 * @returns what was done in time, as a part of what full batches without a pause would have done, and what ended in any other way
 */
async function goodput(
  service: Service,
  load: number,
  more: { prepareMs?: number; runsAtOnce?: number; limits?: number; rounds?: number } = {},
) {
  const { prepareMs = 0, runsAtOnce = 1, limits = 2.2, rounds = 60 } = more;
  const size = 16;
  const average = service(size, 0.5);
  const limit = limits * service(size, 1);
  let [draws, taken, batches] = [0, 0, 0];
  const time = (count: number) => {
    const chance = hash(draws++, 5);
    taken += service(size, chance);
    batches++;
    return service(count, chance);
  };
  const { clock, submit, learn } = setUp(time, { runsAtOnce });
  await learn(1, 2, 4, 8, 16);
  const gap = average / (load * size * runsAtOnce);
  const end = clock.now() + rounds * average;
  const calls: { state: string }[] = [];
  const next = (i: number) => {
    const prepare = async () => {
      if (prepareMs > 0) await clock.sleep(prepareMs);
      return [1];
    };
    calls.push(submit([1], { timeoutMs: limit, prepare }));
    if (clock.now() < end) clock.after(-Math.log(1 - hash(i, 6)) * gap, () => next(i + 1));
  };
  next(0);
  await clock.turn(rounds * average);
  const count = (wanted: string) => calls.filter(({ state }) => state === wanted).length;
  const capacity = (runsAtOnce * size * rounds * average) / (taken / batches);
  return { share: count('done') / capacity, timedOut: count('ERR_ABORTED') / capacity };
}

describe('under overload what is done in time is nearly what full batches could do', () => {
  for (const [name, service] of Object.entries(services)) {
    test.each([1.5, 3, 10])(`with batches ${name}, at %f times the capacity`, async (load) => {
      const more = name === 'that vary by ten' ? { limits: 5, rounds: 120 } : {};
      const { share, timedOut } = await goodput(service, load, more);
      expect(share).toBeGreaterThan(0.95);
      expect(timedOut).toBeLessThan(0.03);
    });
  }

  test('with several batches at once', async () => {
    expect((await goodput((size) => 20 + 10 * size, 3, { runsAtOnce: 2 })).share).toBeGreaterThan(0.95);
  });

  test('with payloads that take long to be prepared', async () => {
    expect((await goodput((size) => 20 + 10 * size, 3, { prepareMs: 40 })).share).toBeGreaterThan(0.95);
  });

  test('with clients that ask again as soon as they are answered, or when they are told to', async () => {
    const { clock, submit, learn } = setUp((size) => 66 * size);
    await learn(1, 2, 4, 8, 16);
    const end = clock.now() + 20_000;
    let done = 0;
    const client = async () => {
      while (clock.now() < end) {
        const call = submit([1], { timeoutMs: 2000 });
        await call.settled;
        if (call.state === 'done') done++;
        await clock.sleep(call.error?.retryAfterMs ?? 0);
      }
    };
    for (let i = 0; i < 48; i++) void client();
    await clock.turn(20_000);
    expect(done).toBeGreaterThan((0.95 * 20_000) / 66);
  });
});
