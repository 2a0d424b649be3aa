import { readdirSync, readFileSync } from 'node:fs';
import { ArgumentError } from '../../../lib/errors.js';
import { smallServer } from '../../helpers/small_server.js';

/** How nice the threads of this process are: those that compute, and by their numbers all others. */
function threads() {
  const computing: number[] = [];
  const others = new Map<string, number>();
  for (const id of readdirSync('/proc/self/task')) {
    const [, name = '', rest = ''] = /\((.*)\) (.*)/s.exec(readFileSync(`/proc/self/task/${id}/stat`, 'utf8')) ?? [];
    const niceness = Number(rest.split(' ')[16]);
    if (/^slimnet-(run|worker)$/.test(name)) computing.push(niceness);
    else others.set(id, niceness);
  }
  return { computing, others };
}

test('threads that compute are as nice as the server was told, and no others', async () => {
  if (process.platform !== 'linux') {
    await expect(smallServer({ computeNiceness: 1 })).rejects.toThrow('only Linux');
    return;
  }
  const before = threads().others;
  // Other tests share the process, so no more than is told apart.
  const computeNiceness = Math.min(19, Math.max(0, before.get(String(process.pid)) ?? 0) + 1);
  await using small = await smallServer({ computeNiceness }, { threads: 2 });
  expect((await fetch(`${small.url}/v2/health/ready`)).status).toBe(200);
  const { computing, others } = threads();
  expect(computing.length).toBeGreaterThanOrEqual(2);
  expect(new Set(computing)).toEqual(new Set([computeNiceness]));
  for (const [id, niceness] of before) if (others.has(id)) expect(niceness).toBe(others.get(id));
});

test.each([-1, 20, 1.5, '5' as unknown as number])('a niceness of %j is refused', async (computeNiceness) => {
  await expect(smallServer({ computeNiceness })).rejects.toThrow(ArgumentError);
});
