/** What a server does under load, when clients leave, and when it stops. */
import { connect } from 'node:net';
import { ExecutionError } from '../../../lib/errors.js';
import { type ServerOptions, startServer } from '../../../lib/server/index.js';
import type { Answered } from '../../../lib/server/monitor.js';
import { fakeModel, fakeRequest } from '../../helpers/fake_model.js';

const path = '/v2/models/fake/infer';

async function start(options: Partial<ServerOptions> = {}) {
  const fake = fakeModel();
  const answered: Answered[] = [];
  const server = await startServer({
    models: { fake: fake.model },
    port: 0,
    drainDelayMs: 0,
    metrics: false,
    monitor: { answered: (request) => answered.push(request) },
    ...options,
  });
  const infer = (message: object = fakeRequest) =>
    fetch(server.url + path, { method: 'POST', body: JSON.stringify(message) });
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  return { fake, server, answered, infer, until };
}

/** Sends text and gives what comes until the connection ends, or `enough` is there. */
function talk(url: string, text: string, enough: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    const done = () => {
      resolve(received);
      socket.destroy();
    };
    socket.on('data', (data) => {
      received += data;
      if (enough.test(received)) done();
    });
    socket.on('close', done);
  });
}

describe('under load', () => {
  test('what cannot be answered in time is refused from its headers, with the time after which to come again', async () => {
    const { fake, server, answered, infer } = await start();
    fake.refusal = new ExecutionError('The queue is full.', { code: 'ERR_QUEUE_FULL', retryAfterMs: 2300 });
    // Its body never comes.
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n`;
    const answer = await talk(server.url, head, /\}\n/);
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/retry-after: 3\r\n/i);
    expect(answer).toContain('{"error":"The queue is full."}');
    expect(fake.calls).toHaveLength(0);
    fake.refusal = null;
    const served = infer();
    (await fake.called(0)).finish();
    expect((await served).status).toBe(200);
    await server.stop();
    expect(answered.map(({ reason }) => reason).sort()).toEqual([null, 'overloaded']);
  });

  test('requests in progress are bounded, and their bytes', async () => {
    const { fake, server, infer } = await start({ limits: { maxConcurrent: 2 } });
    const first = infer();
    const second = infer();
    await fake.called(1);
    const third = await infer();
    expect([third.status, third.headers.get('retry-after')]).toEqual([503, '1']);
    for (const call of fake.calls) call.finish();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    const fourth = infer();
    (await fake.called(2)).finish();
    expect((await fourth).status).toBe(200);
    await server.stop();
    const tight = await start({ limits: { maxBodyBytes: 500, maxBufferedBytes: 500 } });
    const slow = connect(Number(new URL(tight.server.url).port), '127.0.0.1', () =>
      slow.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 450\r\n\r\n`),
    );
    let status = 200;
    // Whichever of the two comes first has the room.
    while (status === 200) {
      const response = tight.infer();
      const answer = await Promise.race([
        response,
        tight.fake.called(tight.fake.calls.length).then((call) => call.finish()),
      ]);
      status = (answer ?? (await response)).status;
    }
    expect(status).toBe(503);
    slow.destroy();
    await tight.server.stop();
  });

  test('priority and timeout of a request reach the model; the limit of the server is the longest', async () => {
    const { fake, server, infer } = await start({ limits: { timeoutMs: 5000 } });
    const ask = async (parameters: object) => {
      const number = fake.calls.length;
      const response = infer({ ...fakeRequest, parameters });
      const call = await fake.called(number);
      call.finish();
      expect((await response).status).toBe(200);
      const { priority, timeoutMs } = call.options;
      return { priority, timeoutMs };
    };
    expect(await ask({})).toEqual({ priority: undefined, timeoutMs: 5000 });
    expect(await ask({ timeout: 1500, priority: 3 })).toEqual({ priority: 3, timeoutMs: 2 });
    expect(await ask({ timeout: 60_000_000, priority: 0 })).toEqual({ priority: undefined, timeoutMs: 5000 });
    for (const parameters of [{ timeout: -1 }, { timeout: 'soon' }, { priority: 1.5 }, { priority: 1e9 }])
      expect((await infer({ ...fakeRequest, parameters })).status).toBe(400);
    await server.stop();
  });

  test('headers say time limit and priority before there is a body', async () => {
    const { fake, server } = await start({ limits: { timeoutMs: 60_000 } });
    const asked: object[] = [];
    fake.model.refusal = ((_: unknown, __: unknown, options: object) => {
      asked.push(options);
      return null;
    }) as never;
    const ask = async (headers: Record<string, string>, parameters = {}) => {
      const number = fake.calls.length;
      const response = fetch(server.url + path, {
        ...{ method: 'POST', headers, body: JSON.stringify({ ...fakeRequest, parameters }) },
      });
      const call = await fake.called(number);
      call.finish();
      expect((await response).status).toBe(200);
      return call.options;
    };
    const { timeoutMs, priority } = await ask({ 'Slimnet-Timeout-Ms': '40000', 'Slimnet-Priority': '7' });
    expect(priority).toBe(7);
    expect(timeoutMs).toBeLessThanOrEqual(40_000);
    expect(timeoutMs).toBeGreaterThan(0);
    expect(asked).toEqual([{ priority: 7, timeoutMs: expect.any(Number) }]);
    expect((await ask({ 'X-Envoy-Expected-Rq-Timeout-Ms': '30000' })).timeoutMs).toBeLessThanOrEqual(30_000);
    expect((await ask({ 'Slimnet-Timeout-Ms': '0' })).timeoutMs).toBe(60_000);
    expect(await ask({ 'Slimnet-Priority': '7' }, { priority: 2, timeout: 1000 })).toMatchObject({
      priority: 2,
      timeoutMs: 1,
    });
    for (const value of ['-1', 'soon', '1.5', '99999999999999999'])
      for (const name of ['Slimnet-Timeout-Ms', 'Slimnet-Priority']) {
        const response = await fetch(server.url + path, { method: 'POST', headers: { [name]: value }, body: '{}' });
        expect([name, value, response.status]).toEqual([name, value, 400]);
      }
    await server.stop();
  });

  test('errors of the model have their status; those of the server say nothing of it', async () => {
    const lines: string[] = [];
    const logger = { level: 'info', stream: { write: (line: string) => void lines.push(line) } };
    const { fake, server, infer } = await start({ logger });
    const fail = async (error: unknown) => {
      const number = fake.calls.length;
      const response = infer();
      (await fake.called(number)).fail(error);
      return [(await response).status, await (await response).json()];
    };
    expect(await fail(new ExecutionError('Too late.', { code: 'ERR_ABORTED' }))).toEqual([504, { error: 'Too late.' }]);
    expect(await fail(new ExecutionError('Full.', { code: 'ERR_QUEUE_FULL', retryAfterMs: 1 }))).toEqual([
      503,
      { error: 'Full.' },
    ]);
    const hidden = { error: expect.not.stringContaining('/secret') };
    expect(await fail(new Error('ENOENT /secret/path'))).toEqual([500, hidden]);
    expect(await fail(new ExecutionError('NaN.', { path: '/secret/weights' }))).toEqual([500, hidden]);
    await server.stop();
    expect(lines.filter((line) => line.includes('/secret'))).toHaveLength(2);
  });
});

describe('a client that leaves', () => {
  test('takes its call with it', async () => {
    const { fake, server, answered, until } = await start();
    const gone = new AbortController();
    const response = fetch(server.url + path, {
      method: 'POST',
      body: JSON.stringify(fakeRequest),
      signal: gone.signal,
    });
    const call = await fake.called(0);
    gone.abort();
    await expect(response).rejects.toThrow();
    await until(() => answered.length > 0);
    expect(call.options.signal?.aborted).toBe(true);
    expect(answered).toMatchObject([{ reason: 'client_gone', status: 499 }]);
    await server.stop();
  });

  test('in the middle of its body is forgotten', async () => {
    const { fake, server, answered, until } = await start();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () =>
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 450\r\n\r\nabc`, () => socket.destroy()),
    );
    await until(() => answered.length > 0);
    expect(answered).toMatchObject([{ reason: 'client_gone' }]);
    expect(fake.calls).toHaveLength(0);
    await server.stop();
  });
});

describe('a server that stops', () => {
  test('is not ready at once, answers what it took and what comes meanwhile, and ends', async () => {
    const { fake, server, infer, until } = await start({ drainDelayMs: 300 });
    const accepted = infer();
    await fake.called(0);
    const stopped = server.stop();
    const ready = await fetch(`${server.url}/v2/health/ready`);
    expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
    expect((await fetch(`${server.url}/v2/health/live`)).status).toBe(200);
    const late = infer();
    (await fake.called(1)).finish();
    expect((await late).status).toBe(200);
    await until(() => !server.app.server.listening);
    (fake.calls[0] as (typeof fake.calls)[0]).finish();
    expect((await accepted).status).toBe(200);
    expect(await stopped).toBe(true);
    await expect(infer()).rejects.toThrow();
    // Models that were handed over stay with whoever did so.
    expect(fake.disposed).toBe(false);
  });

  test('gives up what takes longer than its grace, and says so', async () => {
    const { fake, server, infer } = await start({ graceMs: 50 });
    const never = infer();
    never.catch(() => {});
    await fake.called(0);
    expect(await server.stop()).toBe(false);
    await expect(never).rejects.toThrow();
  });

  test('ends at once when it is told a second time', async () => {
    const { fake, server, infer } = await start({ drainDelayMs: 60_000, graceMs: 60_000 });
    const never = infer();
    never.catch(() => {});
    await fake.called(0);
    const first = server.stop();
    expect(await server.stop()).toBe(false);
    expect(await first).toBe(false);
    await expect(never).rejects.toThrow();
  });
});

test('a port that is taken is an error that says so', async () => {
  const { fake, server } = await start();
  const port = Number(new URL(server.url).port);
  await expect(startServer({ models: { fake: fake.model }, port, metrics: false })).rejects.toThrow('another program');
  await server.stop();
});

test.each([
  [{ token: 'short' }, 'token'],
  [{ limits: { maxBody: 1 } as never }, 'maxBody'],
  [{ limits: { maxImages: 0 } }, 'maxImages'],
  [{ limits: { maxBodyBytes: 2 ** 30 } }, 'maxBufferedBytes'],
  [{ models: {} }, 'models'],
  [{ models: { 'a/b': fakeModel().model } }, 'a/b'],
  [{ port: 70000 }, 'port'],
  [{ maxBodyBytes: 1000 } as never, 'maxBodyBytes'],
])('options %j are refused by name', async (options, name) => {
  await expect(startServer({ models: { fake: fakeModel().model }, port: 0, ...options })).rejects.toThrow(name);
});
