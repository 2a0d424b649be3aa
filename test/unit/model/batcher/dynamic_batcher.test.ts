import { getEventListeners } from 'node:events';
import {
  type BatcherOptions,
  type BatcherRequest,
  DynamicBatcher,
} from '../../../../lib/model/batcher/dynamic_batcher.js';
import { FakeClock } from '../../../helpers/fake_clock.js';

type Key = 'a' | 'b';
type Asked = Partial<BatcherRequest<Key, number>>;

const runMs = 10;
const ended = new Error('The model was disposed.');

/** A batcher whose runs take ten milliseconds and multiply by ten. */
function setUp(changes: Partial<BatcherOptions<Key, number, number>> = {}) {
  const clock = new FakeClock();
  const batches: { key: Key; payloads: number[]; at: number; signal: AbortSignal }[] = [];
  const batcher = new DynamicBatcher<Key, number, number>({
    maxBatchSize: 4,
    maxQueueDelayMs: 0,
    queueLimit: 100,
    clock,
    run: async (key, payloads, signal) => {
      batches.push({ key, payloads: [...payloads], at: clock.now(), signal });
      await clock.sleep(runMs);
      signal.throwIfAborted();
      return payloads.map((payload) => 10 * payload);
    },
    ...changes,
  });
  const submit = (payloads: readonly number[], asked: Asked = {}) => {
    const promise = batcher.submit({ key: 'a', count: payloads.length, prepare: async () => payloads, ...asked });
    const end = { promise, state: 'open' as string, results: undefined as readonly number[] | undefined };
    promise.then(
      (results) => Object.assign(end, { state: 'done', results }),
      (error: unknown) => Object.assign(end, { state: String((error as { code?: string }).code ?? error) }),
    );
    return end;
  };
  return { clock, batches, batcher, submit, ran: () => batches.map(({ payloads }) => payloads) };
}

describe('batches', () => {
  test('what comes while nothing runs goes at once, what comes meanwhile goes together', async () => {
    const { clock, submit, batches, batcher } = setUp();
    const first = submit([1]);
    await clock.turn(5);
    const others = [submit([2]), submit([3]), submit([4]), submit([5])];
    await clock.turn(100);
    expect(batches.map(({ payloads, at }) => [at, payloads])).toEqual([
      [0, [1]],
      [5, [2, 3, 4, 5]], // full: it waits behind the first, where nothing could be added to it
    ]);
    expect([first, ...others].map(({ results }) => results)).toEqual([[10], [20], [30], [40], [50]]);
    expect(batcher.stats()).toMatchObject({ requests: 5, batches: 2, waiting: 0, imagesByBatchSize: { 1: 1, 4: 4 } });
    expect(clock.pending).toBe(0);
  });

  test('says which payloads nobody will run', async () => {
    const dropped: number[] = [];
    const onDropped = (payloads: readonly number[]) => dropped.push(...payloads);
    const { clock, submit, batcher } = setUp({ onDropped });
    submit([1]);
    const leaving = new AbortController();
    submit([2, 3], { signal: leaving.signal });
    let arrive = (_: readonly number[]) => {};
    const late = new Promise<readonly number[]>((resolve) => {
      arrive = resolve;
    });
    submit([4], { prepare: () => late, signal: leaving.signal });
    await clock.turn(1);
    leaving.abort(new Error('gone'));
    await clock.turn(1);
    expect(dropped).toEqual([2, 3]);
    arrive([4]);
    await clock.turn(1);
    expect(dropped).toEqual([2, 3, 4]);
    submit([5]);
    await clock.turn(1);
    batcher.dispose(ended);
    expect(dropped).toEqual([2, 3, 4, 5]);
  });

  test('a batch that is not full waits for the end of the one that runs', async () => {
    const { clock, submit, batches } = setUp();
    submit([1]);
    await clock.turn(1);
    submit([2]);
    submit([3]);
    await clock.turn(100);
    expect(batches.map(({ payloads, at }) => [at, payloads])).toEqual([
      [0, [1]],
      [10, [2, 3]],
    ]);
  });

  test('sizes are powers of two and the largest, requests may be spread over several', async () => {
    const { clock, submit, ran } = setUp({ maxBatchSize: 6 });
    const end = submit([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    await clock.turn(100);
    expect(ran()).toEqual([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10], [11]]);
    expect(end.results).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]);
  });

  test('as many batches as may run at once begin without waiting, and one full one behind them', async () => {
    const { clock, submit, batches } = setUp({ runsAtOnce: 2, maxBatchSize: 2 });
    submit([1]);
    await clock.turn(1);
    submit([2]);
    await clock.turn(1);
    submit([3]); // waits for company or for the end of a run
    await clock.turn(1);
    submit([4]); // makes a full batch
    submit([5, 6]);
    await clock.turn(100);
    expect(batches.map(({ payloads, at }) => [at, payloads])).toEqual([
      [0, [1]],
      [1, [2]],
      [3, [3, 4]],
      [10, [5, 6]],
    ]);
  });

  describe('where several run at once', () => {
    /** Runs that take as long as they have payloads, on lanes of which each takes one at a time. */
    const onLanes = (runsAtOnce: number, maxBatchSize: number) => {
      const clock = new FakeClock();
      const free = new Array<number>(runsAtOnce).fill(0);
      const sizes: number[] = [];
      const run = async (_: Key, payloads: readonly number[]) => {
        sizes.push(payloads.length);
        free.sort((a, b) => a - b);
        free[0] = Math.max(clock.now(), free[0] as number) + 10 * payloads.length;
        await clock.sleep(free[0] - clock.now());
        return payloads;
      };
      return { ...setUp({ runsAtOnce, maxBatchSize, queueLimit: 1000, clock, run }), clock, free, sizes };
    };
    const list = (count: number) => Array.from({ length: count }, (_, i) => i);

    test('a list is cut so that all have work to its end', async () => {
      const { clock, submit, sizes } = onLanes(2, 32);
      submit(list(32));
      await clock.turn(1000);
      expect(sizes).toEqual([16, 16]);
    });

    test.each([
      [2, 32, [32]],
      [2, 32, [32, 32, 32, 8]],
      [2, 16, [16, 16, 16, 3]],
      [3, 8, [8, 8, 8, 8, 8, 8, 1]],
      [4, 32, [5]],
      [4, 32, [32, 32]],
    ])('%i lanes with batches of up to %i end pieces of %p at the same time', async (lanes, most, pieces) => {
      const { clock, submit, free, sizes } = onLanes(lanes, most);
      const ends = pieces.map((size, i) => submit(list(size), { continues: i > 0 }));
      await clock.turn(10_000);
      expect(ends.map(({ state }) => state)).toEqual(pieces.map(() => 'done'));
      const images = pieces.reduce((sum, size) => sum + size, 0);
      // Sizes are powers of two, so one may have a payload more than another.
      expect(Math.max(...free)).toBeLessThanOrEqual(10 * (Math.ceil(images / lanes) + 1));
      expect(sizes.length).toBeLessThanOrEqual(pieces.length * lanes + 2 * lanes);
    });
  });

  test('at most one full batch waits behind the one that runs', async () => {
    const { clock, submit, batches } = setUp({ maxBatchSize: 2 });
    submit([1, 2]);
    submit([3, 4]);
    submit([5, 6]);
    await clock.turn(1);
    expect(batches).toHaveLength(2);
    await clock.turn(100);
    expect(batches.map(({ at }) => at)).toEqual([0, 0, 10]);
  });

  test('keys do not mix, and whoever came first is served first', async () => {
    const { clock, submit, batches } = setUp();
    submit([1]);
    await clock.turn(1);
    submit([2], { key: 'b' });
    submit([3]);
    submit([4], { key: 'b' });
    await clock.turn(100);
    expect(batches.map(({ key, payloads }) => [key, payloads])).toEqual([
      ['a', [1]],
      ['b', [2, 4]],
      ['a', [3]],
    ]);
  });

  test('a key with full batches all the time keeps no other waiting', async () => {
    const { clock, submit, batches } = setUp({ maxBatchSize: 2 });
    for (let i = 0; i < 3; i++) submit([1, 2]);
    await clock.turn(1);
    submit([9], { key: 'b' });
    for (let i = 0; i < 5; i++) submit([3, 4]);
    await clock.turn(200);
    expect(batches.map(({ key }) => key).join('')).toBe('aaabaaaaa');
  });

  test('one that is not ready yet holds up none that is, and has its old place when it is', async () => {
    const { clock, submit, ran } = setUp();
    const slow = submit([1], { prepare: () => clock.sleep(5).then(() => [1]) });
    submit([2]);
    await clock.turn(1);
    submit([3]);
    await clock.turn(100);
    expect(ran()).toEqual([[2], [1, 3]]);
    expect(slow.results).toEqual([10]);
  });

  test('prepares two batches ahead and no more', async () => {
    const { clock, submit } = setUp({ maxBatchSize: 2 });
    let prepared = 0;
    const ends = Array.from({ length: 20 }, (_, i) =>
      submit([i], {
        prepare: async () => {
          prepared++;
          return [i];
        },
      }),
    );
    await clock.turn(1);
    // One runs alone, two behind it are full, and four are ready.
    expect(prepared).toBeLessThanOrEqual(7);
    await clock.turn(200);
    expect(ends.map(({ results }) => results?.[0])).toEqual(ends.map((_, i) => 10 * i));
  });

  test('a delay lets others join, as long as no full batch comes together', async () => {
    const { clock, submit, batches } = setUp({ maxQueueDelayMs: 8 });
    submit([1]);
    await clock.turn(5);
    submit([2]);
    await clock.turn(50);
    submit([3]);
    await clock.turn(2);
    submit([4]);
    submit([5]);
    submit([6]);
    await clock.turn(100);
    expect(batches.map(({ payloads, at }) => [at, payloads])).toEqual([
      [8, [1, 2]],
      [57, [3, 4, 5, 6]],
    ]);
    expect(clock.pending).toBe(0);
  });

  test('the means say how long preparing and waiting took', async () => {
    const { clock, submit, batcher } = setUp();
    expect(batcher.stats()).toMatchObject({ meanPreparationMs: 0, meanQueueDelayMs: 0, runMsByBatchSize: {} });
    submit([1], { prepare: () => clock.sleep(4).then(() => [1]) });
    await clock.turn(6);
    submit([2]);
    await clock.turn(100);
    expect(batcher.stats()).toMatchObject({ meanPreparationMs: 2, meanQueueDelayMs: 4, runMsByBatchSize: { 1: 20 } });
  });
});

describe('requests that leave', () => {
  test('before their batch are dropped and never run', async () => {
    const { clock, submit, ran, batcher } = setUp();
    const controller = new AbortController();
    const reason = new Error('gone');
    submit([1]);
    await clock.turn(1);
    const leaving = submit([2], { signal: controller.signal });
    const timed = submit([3], { timeoutMs: 5 });
    const staying = submit([4]);
    controller.abort(reason);
    await clock.turn(100);
    await expect(leaving.promise).rejects.toBe(reason);
    await expect(timed.promise).rejects.toMatchObject({
      code: 'ERR_ABORTED',
      message: 'The request took longer than timeoutMs, 5 ms.',
    });
    expect(staying.results).toEqual([40]);
    expect(ran()).toEqual([[1], [4]]);
    expect(batcher.stats()).toMatchObject({ requests: 4, timedOut: 1, waiting: 0 });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  test('in the middle of a batch let it go on for the others; the last one cancels it', async () => {
    const { clock, submit, batches } = setUp();
    const [one, two] = [new AbortController(), new AbortController()];
    submit([1]);
    await clock.turn(1);
    const ends = [submit([2], { signal: one.signal }), submit([3], { signal: two.signal })];
    await clock.turn(12);
    one.abort('one');
    await clock.turn(1);
    expect(ends.map(({ state }) => state)).toEqual(['one', 'open']);
    expect(batches[1]?.signal.aborted).toBe(false);
    two.abort('two');
    await clock.turn(1);
    expect(ends.map(({ state }) => state)).toEqual(['one', 'two']);
    expect(batches[1]?.signal.aborted).toBe(true);
    const after = submit([4]);
    await clock.turn(100);
    expect(after.results).toEqual([40]);
  });

  test('while they are prepared stop that', async () => {
    const { clock, submit, ran } = setUp();
    const controller = new AbortController();
    let stopped: AbortSignal | undefined;
    const end = submit([1], {
      signal: controller.signal,
      prepare: async (signal) => {
        stopped = signal;
        await clock.sleep(5);
        return [1];
      },
    });
    await clock.turn(1);
    controller.abort('gone');
    await clock.turn(100);
    expect(end.state).toBe('gone');
    expect(stopped?.aborted).toBe(true);
    expect(ran()).toEqual([]);
  });

  test('are refused when they have left already', () => {
    const { submit, batcher } = setUp();
    expect(() => submit([1], { signal: AbortSignal.abort('gone') })).toThrow('gone');
    expect(batcher.stats()).toMatchObject({ requests: 0, waiting: 0 });
  });

  test('a limit counts from the moment that is given', async () => {
    const { clock, submit } = setUp();
    await clock.turn(20);
    submit([1]);
    await clock.turn(1);
    const end = submit([2], { timeoutMs: 8, since: 15 });
    await clock.turn(1);
    expect(end.state).toBe('open');
    await clock.turn(1);
    expect(end.state).toBe('ERR_ABORTED');
  });
});

describe('failures', () => {
  test('a preparation that fails ends its own request alone', async () => {
    const { clock, submit, ran } = setUp();
    const ends = [
      submit([1], { prepare: () => Promise.reject(new Error('bad')) }),
      submit([2]),
      submit([3], {
        prepare: () => {
          throw new Error('worse');
        },
      }),
    ];
    await clock.turn(100);
    expect(ends.map(({ state }) => state)).toEqual(['Error: bad', 'done', 'Error: worse']);
    expect(ran()).toEqual([[2]]);
  });

  test('a run that fails ends the requests of its batch, and the next one runs', async () => {
    let fail = true;
    const { clock, submit } = setUp({
      run: (_, payloads) => {
        if (fail) throw new Error('run');
        return Promise.resolve(payloads);
      },
    });
    const first = submit([1]);
    await clock.turn(1);
    fail = false;
    const second = submit([2]);
    await clock.turn(1);
    expect([first.state, second.state]).toEqual(['Error: run', 'done']);
  });

  test('a request of two batches ends with the first that fails, and the rest of it is not run', async () => {
    const ran: (readonly number[])[] = [];
    const { clock, submit } = setUp({
      maxBatchSize: 2,
      run: async (_, payloads) => {
        ran.push(payloads);
        throw new Error(`run ${payloads[0]}`);
      },
    });
    const end = submit([1, 2, 3, 4, 5, 6, 7]);
    await clock.turn(1);
    expect(end.state).toBe('Error: run 1');
    expect(ran).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('a run with too few results is a bug that is told', async () => {
    const { clock, submit } = setUp({ run: async () => [] });
    const end = submit([1]);
    await clock.turn(1);
    expect(end.state).toBe('ERR_INTERNAL');
  });

  test('fewer payloads than were announced are fine, none give no results, more are a bug', async () => {
    const { clock, submit, batcher } = setUp();
    const ends = [[1, 2], [], [3, 4, 5, 6]].map((payloads) => submit([0, 0, 0], { prepare: async () => payloads }));
    expect(batcher.stats().waiting).toBe(9);
    await clock.turn(100);
    expect(ends.map(({ results, state }) => results ?? state)).toEqual([[10, 20], [], 'ERR_INTERNAL']);
    expect(batcher.stats().waiting).toBe(0);
  });
});

describe('the bound of the queue', () => {
  test('refuses what comes on top, and counts it', async () => {
    const { clock, submit, batcher } = setUp({ queueLimit: 3 });
    submit([1]);
    await clock.turn(1);
    submit([2]);
    submit([3]);
    expect(() => submit([4, 5])).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_FULL', name: 'ExecutionError' }));
    submit([4]);
    expect(() => submit([5])).toThrow(/queue is full: 3 of 3 images wait, 1 more came.*queueLimit/);
    expect(batcher.stats()).toMatchObject({ requests: 4, rejected: 2, waiting: 3 });
    await clock.turn(100);
    submit([5]);
    await clock.turn(100);
    expect(batcher.stats()).toMatchObject({ requests: 5, rejected: 2, waiting: 0 });
  });

  test('lets parts of accepted calls wait for room, before others that come later', async () => {
    const { clock, submit, batcher, ran } = setUp({ queueLimit: 3 });
    submit([1]);
    await clock.turn(1);
    submit([2, 3]);
    const part = submit([4, 5], { continues: true });
    expect(batcher.stats()).toMatchObject({ requests: 2, waiting: 2 });
    expect(() => submit([6])).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_FULL' }));
    await clock.turn(100);
    expect(part.results).toEqual([40, 50]);
    expect(ran()).toEqual([[1], [2, 3], [4, 5]]);
  });

  test('parts that wait for room can leave', async () => {
    const { clock, submit, batcher } = setUp({ queueLimit: 2 });
    submit([1]);
    await clock.turn(1);
    submit([2, 3]);
    const part = submit([4, 5], { continues: true, timeoutMs: 1 });
    await clock.turn(2);
    expect(part.state).toBe('ERR_ABORTED');
    await clock.turn(100);
    expect(batcher.stats()).toMatchObject({ waiting: 0, batches: 2 });
  });

  test('what never fits is refused', () => {
    const { submit } = setUp({ queueLimit: 2 });
    expect(() => submit([1, 2, 3], { continues: true })).toThrow(/A request of 3: expected 1 to queueLimit, 2/);
    expect(() => submit([])).toThrow(/A request of 0/);
  });
});

describe('the end', () => {
  test('disposing rejects what waits and what runs, and cancels it', async () => {
    const { clock, submit, batcher, batches } = setUp({ queueLimit: 4 });
    const ends = [submit([1])];
    await clock.turn(1);
    ends.push(submit([2]), submit([3, 4], { prepare: () => clock.sleep(50).then(() => [3, 4]) }));
    ends.push(submit([5, 6], { continues: true }));
    batcher.dispose(ended);
    for (const { promise } of ends) await expect(promise).rejects.toBe(ended);
    expect(batches[0]?.signal.aborted).toBe(true);
    expect(() => submit([7])).toThrow(ended);
    await clock.turn(100);
    expect(batches).toHaveLength(1);
    expect(batcher.stats().waiting).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('closing lets what was accepted end, and takes nothing more', async () => {
    const { clock, submit, batcher } = setUp();
    const ends = [submit([1]), submit([2]), submit([3], { prepare: () => Promise.reject(new Error('bad')) })];
    let closed = false;
    const closing = batcher.close(ended).then(() => {
      closed = true;
    });
    expect(() => submit([4])).toThrow(ended);
    await clock.turn(5);
    expect(closed).toBe(false);
    await clock.turn(100);
    await closing;
    expect(ends.map(({ state }) => state)).toEqual(['done', 'done', 'Error: bad']);
  });
});

describe('priorities', () => {
  test('what is more urgent goes first, equals in the order of their arrival', async () => {
    const { clock, submit, ran } = setUp({ maxBatchSize: 2 });
    submit([1, 2]);
    await clock.turn(1);
    for (const [payload, priority] of [
      [3, 7],
      [4, 7],
      [5, 1],
      [6, undefined],
      [7, 7],
      [8, 1],
    ] as const)
      submit([payload], priority === undefined ? {} : { priority });
    await clock.turn(100);
    expect(ran()).toEqual([
      [1, 2],
      [3, 4], // was full, and handed to the device, before anything else was there
      [5, 8],
      [7, 6],
    ]);
  });

  test('in a full queue the least urgent and newest makes way, and nothing that is as urgent', async () => {
    const { clock, submit, batcher, ran } = setUp({ maxBatchSize: 2, queueLimit: 4 });
    submit([1, 2]);
    await clock.turn(1);
    const low = [submit([3], { priority: 200 }), submit([4], { priority: 200 }), submit([5]), submit([6])];
    expect(batcher.refusal('a', 1, undefined, 200)).toMatchObject({
      code: 'ERR_QUEUE_FULL',
      retryAfterMs: expect.any(Number),
    });
    expect(batcher.refusal('a', 1, undefined)).toBeNull();
    const urgent = submit([7]);
    expect(() => submit([8, 9], { priority: 200 })).toThrow('full');
    expect(() => submit([8, 9])).toThrow('full');
    await clock.turn(0);
    expect(low.map(({ state }) => state)).toEqual(['open', 'ERR_QUEUE_FULL', 'open', 'open']);
    await clock.turn(100);
    expect([urgent.results, low[0]?.results]).toEqual([[70], [30]]);
    expect(ran().flat().sort()).toEqual([1, 2, 3, 5, 6, 7]);
    expect(batcher.stats()).toMatchObject({ rejected: 3, waiting: 0 });
  });

  test('a time limit that is out of reach behind others may be in reach before them', async () => {
    const { clock, submit, batcher } = setUp({ maxBatchSize: 1 });
    for (let i = 0; i < 3; i++) {
      submit([i]);
      await clock.turn(20);
    }
    for (let i = 0; i < 10; i++) submit([i]);
    await clock.turn(1);
    expect(batcher.refusal('a', 1, 50)).toMatchObject({ code: 'ERR_QUEUE_FULL' });
    expect(batcher.refusal('a', 1, 50, 1)).toBeNull();
    expect(batcher.stats().rejected).toBe(0);
    const urgent = submit([100], { priority: 1, timeoutMs: 50 });
    await clock.turn(50);
    expect(urgent.results).toEqual([1000]);
  });
});
