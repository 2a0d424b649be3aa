import { mapLimited } from '../../../lib/data/map_limited.js';
import { Semaphore } from '../../../lib/data/semaphore.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('mapLimited', () => {
  test('keeps the order of the items, whatever order they end in', async () => {
    const result = await mapLimited([3, 1, 2], new Semaphore(3), async (n) => {
      for (let i = 0; i < n; i++) await turn();
      return n * n;
    });
    expect(result).toEqual([9, 1, 4]);
    expect(await mapLimited([], new Semaphore(3), async (n) => n)).toEqual([]);
  });

  test('after a failure no further item is begun', async () => {
    const begun: number[] = [];
    const map = async (n: number) => {
      begun.push(n);
      await turn();
      if (n === 1) throw new Error('one');
      return n;
    };
    await expect(mapLimited(upTo(10), new Semaphore(2), map)).rejects.toThrow('one');
    expect(begun.length).toBeLessThanOrEqual(4);
  });

  test('throws the failure of the earliest item, once what was begun has ended', async () => {
    let running = 0;
    const map = async (n: number) => {
      running++;
      for (let i = 0; i < 5 - n; i++) await turn();
      running--;
      throw new Error(`item ${n}`);
    };
    await expect(mapLimited(upTo(8), new Semaphore(3), map)).rejects.toThrow('item 0');
    expect(running).toBe(0);
  });

  test('lists that are worked through at the same time share the semaphore, and none waits for the whole of another', async () => {
    const semaphore = new Semaphore(2);
    let now = 0;
    let most = 0;
    const order: string[] = [];
    const map = (name: string) => async (n: number) => {
      most = Math.max(most, ++now);
      await turn();
      now--;
      order.push(`${name}${n}`);
      return n;
    };
    const long = mapLimited(upTo(20), semaphore, map('a'));
    const short = mapLimited(upTo(1), semaphore, map('b'));
    expect(await short).toEqual([0]);
    expect(order.length).toBeLessThan(8);
    expect(await long).toEqual(upTo(20));
    expect(most).toBe(2);
  });
});

describe('semaphore', () => {
  test('are given in the order of asking, and free again after a failure', async () => {
    const semaphore = new Semaphore(1);
    const order: number[] = [];
    const uses = upTo(5).map((n) =>
      semaphore.use(async () => {
        await turn();
        order.push(n);
        if (n === 2) throw new Error('two');
      }),
    );
    const ends = await Promise.allSettled(uses);
    expect(order).toEqual(upTo(5));
    expect(ends.map(({ status }) => status === 'rejected')).toEqual([false, false, true, false, false]);
  });
});
