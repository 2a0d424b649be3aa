import { type BatchWork, batchSizes, inBatches } from '../../../lib/model/batches.js';
import { mapLimited } from '../../../lib/model/map_limited.js';

/** Work on numbers: the input of an item is [item], its result item * 10. Records what happens. */
function work(changes: Partial<BatchWork<number, number>> = {}): { work: BatchWork<number, number>; log: string[] } {
  const log: string[] = [];
  return {
    log,
    work: {
      maxBatch: 4,
      concurrency: 2,
      prepare: async (item) => {
        log.push(`prepare ${item}`);
        await turn();
        return Float32Array.of(item, item);
      },
      run: async (inputs, size) => {
        log.push(`run ${size}`);
        expect(inputs).toHaveLength(2 * size);
        await turn();
        return Array.from({ length: size }, (_, i) => 10 * (inputs[2 * i] as number));
      },
      ...changes,
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function collect(items: readonly number[], w: BatchWork<number, number>): Promise<[number, number][]> {
  const all: [number, number][] = [];
  for await (const outcomes of inBatches(items, w))
    all.push(...outcomes.map(({ item, result }): [number, number] => [item, result]));
  return all;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('batchSizes', () => {
  test.each([
    [0, 4, []],
    [1, 4, [1]],
    [3, 4, [2, 1]],
    [11, 4, [4, 4, 2, 1]],
    [7, 6, [6, 1]],
    [5, 6, [4, 1]],
    [2, 1, [1, 1]],
  ])('%i images at most %i at once', (count, most, sizes) => {
    expect(batchSizes(count, most)).toEqual(sizes);
  });

  test('a model sees few different sizes, whatever the number of images', () => {
    const seen = new Set(upTo(1000).flatMap((count) => batchSizes(count, 32)));
    expect([...seen].sort((a, b) => a - b)).toEqual([1, 2, 4, 8, 16, 32]);
  });
});

describe('inBatches', () => {
  test.each([0, 1, 3, 4, 5, 13])('gives %i results in the order of the items', async (count) => {
    expect(await collect(upTo(count), work().work)).toEqual(upTo(count).map((i) => [i, 10 * i]));
  });

  test('prepares the next batch while one runs', async () => {
    const { work: w, log } = work();
    await collect(upTo(8), w);
    expect(log.indexOf('prepare 4')).toBeLessThan(log.lastIndexOf('run 4'));
    expect(log.indexOf('prepare 4')).toBeGreaterThan(log.indexOf('prepare 3'));
  });

  test('prepares no more items at a time than it may', async () => {
    let now = 0;
    let most = 0;
    const { work: w } = work({
      concurrency: 3,
      prepare: async (item) => {
        most = Math.max(most, ++now);
        await turn();
        now--;
        return Float32Array.of(item, item);
      },
    });
    await collect(upTo(20), w);
    expect(most).toBe(3);
  });

  test('is never further ahead than one batch', async () => {
    let prepared = 0;
    let ran = 0;
    let most = 0;
    const { work: w } = work({
      prepare: async (item) => {
        prepared++;
        most = Math.max(most, prepared - ran);
        return Float32Array.of(item, item);
      },
      run: async (_, size) => {
        await turn();
        await turn();
        ran += size;
        return upTo(size);
      },
    });
    await collect(upTo(40), w);
    expect(most).toBeLessThanOrEqual(8);
  });

  test('the failure of the earliest item ends the work, once what was begun has ended', async () => {
    let running = 0;
    const { work: w, log } = work({
      maxBatch: 8,
      concurrency: 3,
      prepare: async (item) => {
        running++;
        for (let i = 0; i < 5 - item; i++) await turn();
        running--;
        throw new Error(`item ${item}`);
      },
    });
    await expect(collect(upTo(8), w)).rejects.toThrow('item 0');
    expect(running).toBe(0);
    expect(log).toEqual([]);
  });

  test('results before a failed batch are given out', async () => {
    const { work: w } = work({
      prepare: async (item) => {
        if (item === 6) throw new Error('item 6');
        return Float32Array.of(item, item);
      },
    });
    const seen: number[] = [];
    await expect(async () => {
      for await (const outcomes of inBatches(upTo(12), w)) seen.push(...outcomes.map(({ item }) => item));
    }).rejects.toThrow('item 6');
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test('failed items are left out when somebody is told, and later ones fill their batch', async () => {
    const failures: [number, string][] = [];
    const { work: w, log } = work({
      onFailure: (item, error) => failures.push([item, (error as Error).message]),
      prepare: async (item) => {
        await turn();
        if (item % 3 === 0) throw new Error(`item ${item}`);
        return Float32Array.of(item, item);
      },
    });
    expect(await collect(upTo(13), w)).toEqual([1, 2, 4, 5, 7, 8, 10, 11].map((i) => [i, 10 * i]));
    expect(failures.sort((a, b) => a[0] - b[0])).toEqual([0, 3, 6, 9, 12].map((i) => [i, `item ${i}`]));
    expect(log.filter((line) => line.startsWith('run'))).toEqual(['run 4', 'run 4']);
  });

  test('when all items fail there are no results and nothing runs', async () => {
    const { work: w, log } = work({ onFailure: () => {}, prepare: async () => Promise.reject(new Error('no')) });
    expect(await collect(upTo(9), w)).toEqual([]);
    expect(log).toEqual([]);
  });

  test('a failed run ends the work', async () => {
    const { work: w } = work({ onFailure: () => {}, run: async () => Promise.reject(new Error('run')) });
    await expect(collect(upTo(9), w)).rejects.toThrow('run');
  });

  test('aborting rejects with the reason of the signal and begins nothing more', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const { work: w, log } = work({
      signal: controller.signal,
      run: async (_, size, signal) => {
        controller.abort(reason);
        expect(signal.aborted).toBe(true);
        return upTo(size);
      },
    });
    const failed: unknown[] = [];
    await expect(collect(upTo(40), { ...w, onFailure: (item) => failed.push(item) })).rejects.toBe(reason);
    expect(log.length).toBeLessThan(10);
    expect(failed).toEqual([]);
    await expect(collect(upTo(2), { ...w, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('a consumer that stops early stops the preparations', async () => {
    const { work: w, log } = work();
    for await (const outcomes of inBatches(upTo(40), w)) {
      expect(outcomes).toHaveLength(4);
      break;
    }
    const before = log.length;
    for (let i = 0; i < 5; i++) await turn();
    expect(log).toHaveLength(before);
    expect(log.length).toBeLessThan(14);
  });
});

describe('mapLimited', () => {
  test('keeps the order of the items, whatever order they end in', async () => {
    const result = await mapLimited([3, 1, 2], 3, async (n) => {
      for (let i = 0; i < n; i++) await turn();
      return n * n;
    });
    expect(result).toEqual([9, 1, 4]);
    expect(await mapLimited([], 3, async (n) => n)).toEqual([]);
  });

  test('after a failure no further item is begun', async () => {
    const begun: number[] = [];
    const map = async (n: number) => {
      begun.push(n);
      await turn();
      if (n === 1) throw new Error('one');
      return n;
    };
    await expect(mapLimited(upTo(10), 2, map)).rejects.toThrow('one');
    expect(begun.length).toBeLessThanOrEqual(4);
  });
});
