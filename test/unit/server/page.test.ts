/** The page for people, as files; test/install/page.test.ts has it in a browser. */
import Fastify from 'fastify';
import { slimnetPlugin, startServer } from '../../../lib/server/index.js';
import { fakeModel } from '../../helpers/fake_model.js';

async function withServer(options: object, check: (url: string) => Promise<void>): Promise<void> {
  const server = await startServer({ models: { fake: fakeModel().model }, port: 0, drainDelayMs: 0, ...options });
  try {
    await check(server.url);
  } finally {
    await server.stop();
  }
}

test('the page and its files may load nothing but themselves, and are not read by others', () =>
  withServer({ token: 'a-token-of-this-server' }, async (url) => {
    for (const [path, type] of [
      ['/', 'text/html; charset=utf-8'],
      ['/page.css', 'text/css; charset=utf-8'],
      ['/page.js', 'text/javascript; charset=utf-8'],
      ['/icon.svg', 'image/svg+xml'],
    ] as const) {
      const { status, headers } = await fetch(url + path);
      expect([status, headers.get('content-type')]).toEqual([200, type]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      const again = await fetch(url + path, { headers: { 'If-None-Match': headers.get('etag') ?? '' } });
      expect([again.status, await again.text()]).toEqual([304, '']);
    }
    const html = await (await fetch(url)).text();
    expect(html).not.toMatch(/<style|style=|\son\w+=|<script(?! type="module" src="page\.js")|https?:/);
  }));

test('there is no page where it was not wanted', () =>
  withServer({ page: false }, async (url) => {
    for (const path of ['/', '/page.js']) expect((await fetch(url + path)).status).toBe(404);
  }));

test('a plugin has it below its prefix, where it is asked for', async () => {
  const app = Fastify();
  const { model } = fakeModel();
  await app.register(slimnetPlugin, { models: { fake: model }, metrics: false, prefix: '/plain' });
  await app.register(slimnetPlugin, { models: { fake: model }, metrics: false, page: true, prefix: '/vision' });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  for (const [path, status] of [
    ['/plain/', 404],
    ['/vision/', 200],
    ['/vision/page.js', 200],
  ] as const)
    expect([path, (await fetch(url + path)).status]).toEqual([path, status]);
  const bare = await fetch(`${url}/vision?x=1`, { redirect: 'manual' });
  expect([bare.status, bare.headers.get('location')]).toEqual([308, 'vision/?x=1']);
  await app.close();
});

test('models tell people what they are, all of them by name', () =>
  withServer({ models: { a: fakeModel().model, b: fakeModel().model } }, async (url) => {
    expect(await (await fetch(`${url}/v1/models`)).json()).toEqual({ models: ['a', 'b'] });
    const card = {
      ...{ name: 'b', ready: true, version: '1', network: 'fake', input: { height: 2, width: 2 } },
      ...{ precision: 'float32', device: 'cpu', classes: 3, labels: true },
    };
    expect(await (await fetch(`${url}/v1/models/b`)).json()).toEqual(card);
    expect(await (await fetch(`${url}/v1/models/b/versions/1`)).json()).toEqual(card);
    expect((await fetch(`${url}/v1/models/c`)).status).toBe(404);
  }));
