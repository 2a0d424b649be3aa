/** Requests that mean no good, and many that mean nothing. */
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { ModelRepository, slimnetPlugin } from '../../../lib/server/index.js';
import { fakeModel } from '../../helpers/fake_model.js';
import { bomb, encoders, gradient, slowPicture } from '../../helpers/pictures.js';
import { Grammar, type OpenApi, type WrittenRequest } from '../../helpers/request_grammar.js';
import { type SmallServer, smallModel, smallServer } from '../../helpers/small_server.js';

let small: SmallServer;
let api: OpenApi;
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
beforeAll(async () => {
  const repository = new ModelRepository();
  repository.add({
    ...{ name: 'small', version: '1' },
    load: () => smallModel({ decode: { maxPixels: 1_000_000, timeoutSeconds: 2 } }),
  });
  await repository.loadAll();
  small = await smallServer({ models: repository, modelControl: true, limits: { maxBodyBytes: 2 ** 23 } });
  api = (await (await fetch(`${small.url}/openapi.json`)).json()) as OpenApi;
});
afterAll(async () => {
  agent.destroy();
  await small[Symbol.asyncDispose]();
});

function send({ method, path, headers, body }: WrittenRequest): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(small.url);
    const sent = httpRequest(
      { agent, hostname, port, method, path, headers: { ...headers, 'content-length': body.length } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const shown = ({ body, ...request }: WrittenRequest) => ({ ...request, body: body.toString('latin1').slice(0, 400) });

test('the description names every route, and no other', async () => {
  const app = Fastify();
  const routes = new Set<string>();
  app.addHook('onRoute', ({ method, url }) => {
    const path = url
      .replace(/\/versions\/:call$/, '/versions/{version}:classify')
      .replace(/:call$/, '{name}:classify')
      .replaceAll(/:(name|version)\b/g, '{$1}');
    if (method !== 'HEAD') routes.add(`${method} ${path}`);
  });
  await app.register(slimnetPlugin, { models: { fake: fakeModel().model }, modelControl: true });
  const described = Object.entries(api.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(new Set(described)).toEqual(routes);
  await app.close();
});

test('the plugin refuses options that it does not have, but for those that fastify hands on', async () => {
  const models = { fake: fakeModel().model };
  const given = { models, metrics: false, prefix: '/vision', logLevel: 'warn' } as const;
  const app = Fastify();
  await app.register(slimnetPlugin, given);
  await app.close();
  const wrong = { ...given, maxBodyBytes: 1000 };
  await expect(Fastify().register(slimnetPlugin, wrong)).rejects.toThrow(/slimnetPlugin.*maxBodyBytes/);
});

test('the plugin leaves the rest of an application as it is', async () => {
  const app = Fastify({ bodyLimit: 100 });
  app.post('/own', async (request) => ({ got: request.body }));
  await app.register(slimnetPlugin, { models: { small: small.model }, prefix: '/vision', token: 'secret-of-sixteen' });
  const url = await app.listen({ port: 0 });
  const headers = { authorization: 'Bearer secret-of-sixteen', 'content-type': 'application/json' };
  const own = await fetch(`${url}/own`, { method: 'POST', body: '{"a":1}', headers });
  expect([own.status, await own.json()]).toEqual([200, { got: { a: 1 } }]);
  expect(await (await fetch(`${url}/none`)).json()).toMatchObject({ statusCode: 404, error: 'Not Found' });
  expect((await fetch(`${url}/vision/v2/health/ready`)).status).toBe(200);
  expect((await fetch(`${url}/vision/v2/models/small`)).status).toBe(401);
  const picture = await encoders.png.encode(gradient(20, 16));
  const body = new Uint8Array(picture);
  const answer = await fetch(`${url}/vision/v1/models/small:classify`, { method: 'POST', body, headers });
  const predictions = await small.model.classify(picture);
  expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ predictions })]);
  await app.close();
  // The model is whose who loaded it.
  expect(await small.model.classify(picture)).toHaveLength(3);
});

test('a thousand requests from a grammar with mistakes: each is answered, none with 500', async () => {
  const grammar = new Grammar(api, 7);
  const requests = Array.from({ length: 1000 }, () => grammar.request(['small', 'small', 'none']));
  const counts = new Map<number, number>();
  const wrong: unknown[] = [];
  let next = 0;
  const client = async () => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      // An unloaded model would answer nothing any more.
      if (request.path.includes('/unload')) continue;
      try {
        const { status, text } = await send(request);
        counts.set(status, (counts.get(status) ?? 0) + 1);
        const said = status < 400 || request.method === 'HEAD' || typeof JSON.parse(text).error === 'string';
        if (!said || status === 500 || status === 502 || text.includes('root:'))
          wrong.push({ ...shown(request), status, text });
      } catch (error) {
        wrong.push({ ...shown(request), error });
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  expect(wrong).toEqual([]);
  // The grammar reaches what it means to.
  for (const status of [200, 400, 404]) expect(counts.get(status)).toBeGreaterThan(50);
  expect((await fetch(`${small.url}/v2/health/ready`)).status).toBe(200);
});

test('pictures that claim more than they are, or take too long, cost their own request', async () => {
  const post = (body: Uint8Array, headers: Record<string, string> = {}) =>
    fetch(`${small.url}/v1/models/small:classify`, { method: 'POST', body: new Uint8Array(body), headers });
  expect((await post(bomb(60_000, 60_000))).status).toBe(400);
  expect((await post(bomb(900, 900))).status).toBe(400);
  expect((await post(slowPicture())).status).toBe(400);
  const packed = gzipSync(gzipSync(Buffer.alloc(2 ** 26)));
  expect((await post(packed, { 'content-encoding': 'gzip' })).status).toBe(400);
  expect((await post(gzipSync(Buffer.alloc(2 ** 26)), { 'content-encoding': 'gzip' })).status).toBe(413);
});

test.each([
  [
    'two lengths',
    'POST /v2/models/small/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
  ],
  [
    'length and chunks',
    'POST /v2/models/small/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a length that is no number', 'POST /v2/models/small/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 1e3\r\n\r\nabc'],
  [
    'a chunk of no length',
    'POST /v2/models/small/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
  ],
  ['headers without end', `GET /v2 HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(40_000)}\r\n\r\n`],
  ['a path of no characters', 'GET \u0000\u0001 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['an escape that is none', 'GET /v2/models/%zz HTTP/1.1\r\nHost: x\r\n\r\n'],
])('%s: an error of 4xx', async (_, text) => {
  const answer = await new Promise<string>((resolve) => {
    let received = '';
    const socket = connect(Number(new URL(small.url).port), '127.0.0.1', () => socket.write(text));
    const done = () => {
      resolve(received);
      socket.destroy();
    };
    socket.on('data', (data) => {
      received += data;
      if (/\}\n?$/.test(received)) done();
    });
    socket.on('close', done);
    socket.on('error', done);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d .*"error":/s);
  expect((await fetch(`${small.url}/v2/health/live`)).status).toBe(200);
});
