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
