import { getEventListeners } from 'node:events';
import { inPieces, type PieceWork } from '../../../lib/model/pieces.js';
import { SignalListeners } from '../../../lib/runtime/session/cancellation.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Work that multiplies numbers by ten, in pieces of four. Records what happens. */
function work(changes: Partial<PieceWork<number, number[]>> = {}): {
  work: PieceWork<number, number[]>;
  log: string[];
} {
  const log: string[] = [];
  return {
    log,
    work: {
      pieceSize: 4,
      piecesAhead: 2,
      signals: new SignalListeners(),
      begin: async (items, first) => {
        log.push(`begin ${items.join()}${first ? ' first' : ''}`);
        await turn();
        log.push(`end ${items.join()}`);
        return items.map((item) => 10 * item);
      },
      ...changes,
    },
  };
}

async function collect(items: readonly number[], w: PieceWork<number, number[]>): Promise<number[]> {
  const all: number[] = [];
  for await (const results of inPieces(items, w)) all.push(...results);
  return all;
}

describe('inPieces', () => {
  test.each([0, 1, 3, 4, 5, 13])('gives %i results in the order of the items', async (count) => {
    expect(await collect(upTo(count), work().work)).toEqual(upTo(count).map((i) => 10 * i));
  });

  test('begins a piece while the one before it is at work, and says which is the first', async () => {
    const { work: w, log } = work();
    await collect(upTo(10), w);
    expect(log.slice(0, 3)).toEqual(['begin 0,1,2,3 first', 'begin 4,5,6,7', 'end 0,1,2,3']);
    expect(log.indexOf('begin 8,9')).toBeGreaterThan(2);
  });

  test.each([2, 6])('has %i pieces begun at most, however slowly the results are taken', async (piecesAhead) => {
    const { work: w, log } = work({ piecesAhead });
    let most = 0;
    let taken = 0;
    for await (const _ of inPieces(upTo(40), w)) {
      taken++;
      for (let i = 0; i < 5; i++) await turn();
      most = Math.max(most, log.filter((line) => line.startsWith('begin')).length - taken);
    }
    expect(taken).toBe(10);
    expect(most).toBe(piecesAhead);
  });

  test('the failure of the earliest piece ends the work, once what was begun has ended', async () => {
    let running = 0;
    const begun: number[] = [];
    const { work: w } = work({
      begin: async ([item]) => {
        begun.push(item as number);
        running++;
        for (let i = 0; i < 5 - (item as number); i++) await turn();
        running--;
        throw new Error(`item ${item}`);
      },
    });
    await expect(collect(upTo(12), w)).rejects.toThrow('item 0');
    expect(running).toBe(0);
    expect(begun).toEqual([0, 4]);
  });

  test('what is refused at once is refused before another piece begins', async () => {
    let calls = 0;
    const { work: w } = work({
      begin: () => {
        calls++;
        throw new Error('full');
      },
    });
    await expect(collect(upTo(12), w)).rejects.toThrow('full');
    expect(calls).toBe(1);
  });

  test('results before a failure are given out', async () => {
    const { work: w } = work({
      begin: async (items) => {
        if (items.includes(6)) throw new Error('item 6');
        return [...items];
      },
    });
    const seen: number[] = [];
    await expect(async () => {
      for await (const results of inPieces(upTo(12), w)) seen.push(...results);
    }).rejects.toThrow('item 6');
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test('aborting stops the pieces with the reason of the signal and begins nothing more', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const begun: number[] = [];
    const { work: w } = work({
      signal: controller.signal,
      begin: async (items, _, signal) => {
        begun.push(items[0] as number);
        controller.abort(reason);
        await turn();
        signal.throwIfAborted();
        return [...items];
      },
    });
    await expect(collect(upTo(40), w)).rejects.toBe(reason);
    expect(begun).toEqual([0, 4]);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await expect(collect(upTo(2), { ...w, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(begun).toEqual([0, 4]);
  });

  test('a consumer that stops early stops the pieces that were begun', async () => {
    const signals: AbortSignal[] = [];
    const { work: w } = work({
      begin: async (items, _, signal) => {
        signals.push(signal);
        await turn();
        return [...items];
      },
    });
    for await (const results of inPieces(upTo(40), w)) {
      expect(results).toEqual([0, 1, 2, 3]);
      break;
    }
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(signals.length).toBeLessThanOrEqual(3);
  });
});

describe('inPieces of an iterable', () => {
  /** Gives numbers, each after some turns of the event loop, and records what it is asked for. */
  function source(count: number, pause: (i: number) => Promise<unknown> | undefined = () => undefined) {
    const seen = { asked: 0, closed: false };
    const generate = async function* () {
      try {
        for (let i = 0; i < count; i++) {
          seen.asked++;
          await pause(i);
          yield i;
        }
      } finally {
        seen.closed = true;
      }
    };
    return { seen, items: generate() };
  }

  async function all(items: AsyncIterable<number> | Iterable<number>, w: PieceWork<number, number[]>) {
    const results: number[] = [];
    for await (const some of inPieces(items, w)) results.push(...some);
    return results;
  }

  test.each([0, 1, 3, 4, 5, 13])('gives %i results in the order of the items', async (count) => {
    const expected = upTo(count).map((i) => 10 * i);
    expect(await all(source(count).items, work().work)).toEqual(expected);
    expect(await all(source(count, turn).items, work().work)).toEqual(expected);
    expect(await all(new Set(upTo(count)), work().work)).toEqual(expected);
  });

  test('a quick one is read in whole pieces', async () => {
    const { work: w, log } = work();
    await all(source(9).items, w);
    expect(log.filter((line) => line.startsWith('begin'))).toEqual(['begin 0,1,2,3 first', 'begin 4,5,6,7', 'begin 8']);
  });

  test('a slow one does not hold up what it has given', async () => {
    const gate: { open?: () => void } = {};
    const { items } = source(3, (i) => (i === 2 ? new Promise<void>((resolve) => (gate.open = resolve)) : undefined));
    const results = inPieces(items, work().work);
    expect((await results.next()).value).toEqual([0, 10]);
    gate.open?.();
    expect((await results.next()).value).toEqual([20]);
    expect((await results.next()).done).toBe(true);
  });

  test('is asked for no more than the next piece, however slowly the results are taken', async () => {
    const { items, seen } = source(1000);
    let taken = 0;
    for await (const results of inPieces(items, work().work)) {
      taken += results.length;
      for (let i = 0; i < 8; i++) await turn();
      // One piece that was taken, two that are at work, and the next.
      expect(seen.asked - taken).toBeLessThanOrEqual(2 * 4 + 4 + 1);
    }
    expect(taken).toBe(1000);
  });

  test('what it throws comes after the results of the items before', async () => {
    const { items } = source(7, (i) => (i === 6 ? Promise.reject(new Error('no more')) : undefined));
    const results: number[] = [];
    await expect(async () => {
      for await (const some of inPieces(items, work().work)) results.push(...some);
    }).rejects.toThrow('no more');
    expect(results).toEqual([0, 10, 20, 30, 40, 50]);
  });

  test('whoever stops early closes it', async () => {
    const { items, seen } = source(1000);
    for await (const _ of inPieces(items, work().work)) break;
    await turn();
    expect(seen.closed).toBe(true);
    expect(seen.asked).toBeLessThan(20);
  });

  test('an abort does not wait for an item that never comes, nor begins one that was aborted before', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const { items } = source(5, (i) => (i === 2 ? new Promise(() => {}) : undefined));
    const results = inPieces(items, work({ signal: controller.signal }).work);
    expect((await results.next()).value).toEqual([0, 10]);
    const waiting = results.next();
    await turn();
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    const other = source(5);
    await expect(all(other.items, work({ signal: controller.signal }).work)).rejects.toBe(reason);
    expect(other.seen.asked).toBe(0);
  });

  test('a failing piece closes it', async () => {
    const { items, seen } = source(1000);
    const { work: w } = work({ begin: () => Promise.reject(new Error('bad piece')) });
    await expect(all(items, w)).rejects.toThrow('bad piece');
    await turn();
    expect(seen.closed).toBe(true);
  });
});
