/** Work that is shared out over turns of the event loop. */
import { Turns } from '../../../lib/server/turns.js';

/** Lets what is due in this turn and the next one happen. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Turns, and work that takes the time that it says and notes its name. */
function timed() {
  let now = 0;
  const turns = new Turns(() => now);
  const done: string[] = [];
  const work = (name: string, ms: number) => () => {
    now += ms;
    done.push(name);
  };
  return { turns, done, work };
}

describe('turns', () => {
  test('do work at once while there is time, then once in each turn, in order', async () => {
    const { turns, done, work } = timed();
    for (const [name, ms] of Object.entries({ a: 0.4, b: 0.7, c: 2, d: 2 })) turns.run(work(name, ms));
    expect(done).toEqual(['a', 'b']);
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) {
      await turn();
      seen.push(done.length);
    }
    expect(done).toEqual(['a', 'b', 'c', 'd']);
    expect(seen.every((count, i) => i === 0 || count - (seen[i - 1] as number) <= 1)).toBe(true);
  });

  test('count what follows in promises as work', async () => {
    const { turns, done, work } = timed();
    work('before', 0)();
    turns.run(work('first', 2));
    const all = ['a', 'b', 'c'].map(async (name) => {
      await turns.next();
      await null;
      work(name, 2)();
    });
    expect(done).toEqual(['before', 'first']);
    const counts: number[] = [];
    for (let i = 0; i < 5; i++) {
      await turn();
      counts.push(done.length);
    }
    await Promise.all(all);
    expect(done).toEqual(['before', 'first', 'a', 'b', 'c']);
    expect(Math.max(...counts.map((count, i) => count - (counts[i - 1] ?? 2)))).toBe(1);
  });

  test('let timers and sockets in between', async () => {
    const turns = new Turns();
    let [worked, ticks] = [0, 0];
    const timer = setInterval(() => {
      ticks += worked < 40 ? 1 : 0;
    }, 1);
    const spin = () => {
      const until = performance.now() + 1;
      while (performance.now() < until);
      worked++;
    };
    await Promise.all(Array.from({ length: 40 }, () => turns.next().then(spin)));
    clearInterval(timer);
    expect(worked).toBe(40);
    expect(ticks).toBeGreaterThan(5);
  });
});
