/** Load on servers (bench/load). */
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { load } from '../../../bench/load/load.mjs';
import { perSecond } from '../../../bench/load/rate.mjs';
import { rateWithin } from '../../../bench/measurements/serve.mjs';
import { temporaryFolder } from '../../helpers/temporary_folder.js';

const folder = temporaryFolder('load');

async function underLoad(answer: RequestListener, phase: object) {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const body = join(folder, 'body');
  writeFileSync(body, 'text');
  try {
    return await load({ url: `http://127.0.0.1:${port}`, path: '/', headers: {}, bodies: [body], ...phase });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test('an open loop goes on asking where no answer comes', async () => {
  let held: (() => void)[] | null = [];
  const result = await underLoad(
    (_, response) => {
      const release = () => void response.end('x');
      if (held === null) return release();
      // A closed loop would never ask so often without an answer.
      if (held.push(release) < 40) return;
      for (const each of held) each();
      held = null;
    },
    { rate: 100, seconds: 1 },
  );
  expect(result.answered).toBe(result.sent);
  expect(result.sent).toBeGreaterThan(50);
  expect(result.failed).toEqual({});
});

test('tells answers, refusals and failures apart', async () => {
  let count = 0;
  const result = await underLoad(
    (_, response) => {
      const status = [200, 503, 400][count++ % 3] as number;
      response.writeHead(status).end('x');
    },
    { callers: 3, seconds: 0.5 },
  );
  expect(result.answered + result.refused + (result.failed['400'] ?? 0)).toBe(result.sent);
  expect(result.refused).toBeGreaterThan(0);
  expect(result.refusal.p99).toBeGreaterThan(0);
});

test('the rate counts whole batches', () => {
  const batches = [0, 100, 200, 300].flatMap((end) => [end, end + 1, end + 2, end + 3]);
  expect(perSecond(batches, 400)).toBeCloseTo((1000 * 12) / 303);
  expect(perSecond([399, 399, 400], 1000)).toBe(3);
  expect(perSecond([], 1000)).toBe(0);
});

test('the rate within a limit lies between the points around it', () => {
  const points = [
    { perSecond: 10, p99: 100 },
    { perSecond: 20, p99: 300 },
    { perSecond: 30, p99: 900 },
  ];
  expect(rateWithin(points, 600)).toBe(25);
  expect(rateWithin(points, 50)).toBe(5);
  expect(rateWithin(points, 1000)).toBe(30);
});
