import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type FetchWeightsOptions,
  fetchWeights,
  keptWeights,
  publishedNetworks,
  removeWeights,
} from '../../../lib/published/index.js';
import { slimnet as runCli } from '../../helpers/cli.js';
import { temporaryFolder } from '../../helpers/temporary_folder.js';
import {
  type Answer,
  archiveOf,
  breakingOff,
  smallCheckpoint,
  stalling,
  WeightServer,
  wellBehaved,
} from '../../helpers/weight_server.js';

const base = temporaryFolder('published');
const file = 'resnet_v1_50_2016_08_28.tar.gz';
let checkpoint: Uint8Array;
let archive: Buffer;
let server: WeightServer;
let folder: string;
let count = 0;

/** Archives that are not what they should be, by their path. */
const odd = new Map<string, Buffer>();

beforeAll(async () => {
  checkpoint = await smallCheckpoint(base);
  archive = await archiveOf([[{ name: './', type: 'directory' }], [{ name: './resnet_v1_50.ckpt' }, checkpoint]]);
  const good = { name: 'resnet_v1_50.ckpt' };
  const add = async (name: string, entries: Parameters<typeof archiveOf>[0]) =>
    odd.set(`/${name}/${file}`, await archiveOf(entries));
  await add('graphs', [
    [{ name: 'train.graph' }, 'graph'],
    [good, checkpoint],
    [{ name: 'eval.graph' }, 'graph'],
  ]);
  await add('nothing', []);
  await add('other', [[{ name: 'resnet_v1_101.ckpt' }, checkpoint]]);
  await add('link', [[good, checkpoint], [{ name: 'passwd', type: 'symlink', linkname: '/etc/passwd' }]]);
  await add('linked', [[{ ...good, type: 'link', linkname: '/etc/passwd' }]]);
  await add('device', [[{ name: 'null', type: 'character-device' }]]);
  await add('up', [[{ name: '../../resnet_v1_50.ckpt' }, checkpoint]]);
  await add('absolute', [[{ name: '/tmp/resnet_v1_50.ckpt' }, checkpoint]]);
  await add('twice', [
    [good, checkpoint],
    [good, checkpoint],
  ]);
  await add('many', [...Array.from({ length: 65 }, (_, i) => [{ name: `${i}` }, 'x'] as const), [good, checkpoint]]);
  await add('text', [[good, 'this is no checkpoint']]);
  odd.set(`/cut/${file}`, archive.subarray(0, archive.length - 4000));
  odd.set(`/page/${file}`, Buffer.from('<html>Log in to the hotel</html>'));
  odd.set(`/empty/${file}`, Buffer.alloc(0));
  server = await WeightServer.start(new Map([[`/${file}`, archive], ...odd]));
});
afterAll(() => server.stop());

beforeEach(() => {
  folder = join(base, `weights ${count++}`);
  server.answers = [wellBehaved];
  server.requests.length = 0;
  delete process.env.SLIMNET_WEIGHTS_MIRROR;
  delete process.env.SLIMNET_OFFLINE;
  process.env.SLIMNET_WEIGHTS = folder;
});

const fetched = (options: FetchWeightsOptions = {}) =>
  fetchWeights('resnet_v1_50', { mirror: server.url, folder, retryMs: 1, onProgress: server.progress, ...options });
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const place = () => join(folder, 'resnet_v1_50_2016_08_28', 'resnet_v1_50.ckpt');
/** Everything below the folder. */
const left = () => (existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String).sort() : []);

describe('weights that are fetched', () => {
  test('are the checkpoint of the archive, at a place of their own, and nothing else is left', async () => {
    const progress: number[] = [];
    const found = await fetched({
      onProgress: ({ received, total }) => progress.push(received / (total ?? Number.NaN)),
    });
    expect(found).toEqual({
      network: 'resnet_v1_50',
      path: place(),
      source: server.url + file,
      sha256: sha256(archive),
      verified: false,
    });
    expect(readFileSync(place())).toEqual(Buffer.from(checkpoint));
    expect(left()).toEqual([
      'resnet_v1_50_2016_08_28',
      join('resnet_v1_50_2016_08_28', 'archive.json'),
      join('resnet_v1_50_2016_08_28', 'resnet_v1_50.ckpt'),
    ]);
    expect(progress[0]).toBe(0);
    expect(progress.at(-1)).toBe(1);
  });

  test('are not fetched again', async () => {
    const first = await fetched();
    expect(await fetched({ mirror: 'https://nowhere.invalid/' })).toEqual(first);
    expect(server.requests).toHaveLength(1);
  });

  test('say that nobody has published a hash, and what it is', async () => {
    const said: string[] = [];
    await fetched({ onMessage: (text) => said.push(text) });
    expect(said.join('\n')).toMatch(new RegExp(`nobody has published its hash.*${sha256(archive)}`));
  });

  test('are compared with the hash that is given', async () => {
    expect(await fetched({ sha256: sha256(archive).toUpperCase() })).toMatchObject({ verified: true });
  });

  test('of another hash are refused, and gone', async () => {
    await expect(fetched({ sha256: 'ab'.repeat(32) })).rejects.toThrow(
      `The archive has the SHA-256 ${sha256(archive)}, and ${'ab'.repeat(32)} was expected`,
    );
    expect(left()).toEqual([]);
    await fetched();
    await expect(fetched({ sha256: 'ab'.repeat(32) })).rejects.toThrow(/slimnet weights rm resnet_v1_50/);
  });

  test('go on where a connection was broken, as often as something comes', async () => {
    server.answers = [breakingOff(10_000), breakingOff(10_000), breakingOff(0), breakingOff(10_000), wellBehaved];
    await fetched();
    expect(readFileSync(place())).toEqual(Buffer.from(checkpoint));
    const ranges = server.requests.map(({ range }) => range ?? 'all');
    expect(ranges[0]).toBe('all');
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range))).toBe(true);
  });

  test('go on in the next process, too', async () => {
    server.answers = [breakingOff(20_000), (_, response) => response.destroy()];
    await expect(fetched()).rejects.toThrow(/could not be downloaded/);
    expect(left()).toEqual([`${file}.partial`, `${file}.partial.json`]);
    server.answers = [wellBehaved];
    await fetched();
    expect(server.requests.at(-1)?.range).toMatch(/^bytes=[1-9]/);
    expect(readFileSync(place())).toEqual(Buffer.from(checkpoint));
  });

  test('begin anew where the file is another one meanwhile, or the server knows no parts', async () => {
    server.answers = [
      breakingOff(20_000),
      (_, response, body) => response.writeHead(200, { 'content-length': body.length }).end(body),
    ];
    await fetched();
    expect(readFileSync(place())).toEqual(Buffer.from(checkpoint));
  });

  test('begin anew where the server answers with another part, or has less than there is', async () => {
    server.answers = [
      breakingOff(20_000),
      (_, response, body) =>
        response.writeHead(206, { 'content-range': `bytes 0-${body.length - 1}/${body.length}` }).end(body),
      breakingOff(20_000),
      (_, response) => response.writeHead(416).end(),
      wellBehaved,
    ];
    await fetched();
    expect(readFileSync(place())).toEqual(Buffer.from(checkpoint));
  });

  test('are asked for again where the server is busy', async () => {
    server.answers = [
      (_, response) => response.writeHead(503).end(),
      (_, response) => response.writeHead(429).end(),
      wellBehaved,
    ];
    expect((await fetched()).path).toBe(place());
  });

  test('of a server that goes silent are given up, with the place where a file may be put', async () => {
    server.answers = [(_, response) => void response.writeHead(200, { 'content-length': 5e6 }).flushHeaders()];
    await expect(fetched({ silenceMs: 20 })).rejects.toThrow(/nothing came for 0\.02 s \(after 4 attempts\)/);
    await expect(fetched({ silenceMs: 20 })).rejects.toThrow(
      `put the archive ${file} from elsewhere at ${join(folder, file)}`,
    );
  });

  test('go on from where a server stopped sending without hanging up', async () => {
    server.answers = [stalling(10_000), wellBehaved];
    await fetched({ silenceMs: 500 });
    expect(readFileSync(place())).toEqual(Buffer.from(checkpoint));
    expect(server.requests.map(({ range }) => range).slice(0, 2)).toEqual([undefined, 'bytes=10000-']);
  });

  test('may be stopped, and what has come stays', async () => {
    const stop = new AbortController();
    server.answers = [
      (_, response, body) => {
        response.writeHead(200, { 'content-length': body.length, etag: '"one"' });
        response.write(body.subarray(0, 20_000));
      },
    ];
    const fetching = fetched({ signal: stop.signal, onProgress: ({ received }) => received >= 20_000 && stop.abort() });
    await expect(fetching).rejects.toMatchObject({ name: 'AbortError' });
    expect(left()).toContain(`${file}.partial`);
    expect(left()).not.toContain(`${file}.lock`);
  });

  test('that are wanted twice at the same time are fetched once', async () => {
    const said: string[] = [];
    const [one, other] = await Promise.all([fetched(), fetched({ onMessage: (text) => said.push(text) })]);
    expect(other).toEqual(one);
    expect(server.requests).toHaveLength(1);
  });

  test('are over the limit where the server says so, and where it does not', async () => {
    await expect(fetched({ maxBytes: 1000 })).rejects.toThrow(/more than 1000 bytes/);
    server.answers = [(_, response, body) => void response.writeHead(200).end(body)];
    await expect(fetched({ maxBytes: 1000 })).rejects.toThrow(/more than 1000 bytes/);
    expect(existsSync(place())).toBe(false);
  });

  test('follow the server elsewhere, but not to plain HTTP of others, nor in circles', async () => {
    const to =
      (location: string): Answer =>
      (_, response) => {
        response.writeHead(302, { location }).end();
      };
    server.answers = [to(`${server.url}graphs/${file}`), wellBehaved];
    expect((await fetched()).path).toBe(place());
    await removeWeights('resnet_v1_50', folder);
    server.answers = [to('http://example.org/weights')];
    await expect(fetched()).rejects.toThrow(/leads elsewhere: expected an https: address/);
    server.answers = [to(`/${file}`)];
    await expect(fetched()).rejects.toThrow(/leads on more than 5 times/);
  });
});

describe('an archive is refused that', () => {
  test.each([
    ['nothing', /holds no resnet_v1_50\.ckpt, but nothing/],
    ['other', /holds no resnet_v1_50\.ckpt, but resnet_v1_101\.ckpt/],
    ['link', /holds "passwd", which is no file but a symlink/],
    ['linked', /which is no file but a link/],
    ['device', /which is no file but a character-device/],
    ['up', /which leads out of the archive/],
    ['absolute', /which has an absolute path/],
    ['twice', /holds resnet_v1_50\.ckpt twice/],
    ['many', /more than 64 entries/],
    ['cut', /is damaged or no \.tar\.gz/],
    ['page', /is damaged or no \.tar\.gz/],
    ['empty', /is damaged or no \.tar\.gz|holds no resnet_v1_50/],
    ['text', /resnet_v1_50\.ckpt/],
  ])('is %s', async (name, message) => {
    await expect(fetched({ mirror: `${server.url}${name}` })).rejects.toThrow(message);
    expect(left().filter((path) => !path.endsWith('2016_08_28'))).toEqual([]);
  });

  test('unless there are only files besides that nobody needs', async () => {
    await fetched({ mirror: `${server.url}graphs/` });
    expect(readdirSync(join(folder, 'resnet_v1_50_2016_08_28'))).toEqual(['archive.json', 'resnet_v1_50.ckpt']);
  });
});

describe('without a network', () => {
  test('an archive that lies in the folder is unpacked and stays', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, file), archive);
    expect(await fetched()).toMatchObject({ path: place(), source: join(folder, file) });
    expect(server.requests).toEqual([]);
    expect(existsSync(join(folder, file))).toBe(true);
  });

  test('a checkpoint that lies at its place is taken', async () => {
    mkdirSync(join(folder, 'resnet_v1_50_2016_08_28'), { recursive: true });
    writeFileSync(place(), checkpoint);
    expect(await fetched()).toMatchObject({ path: place(), source: place(), verified: false });
  });

  test('a folder may be the mirror', async () => {
    const mirror = join(base, `mirror ${count}`);
    mkdirSync(mirror);
    writeFileSync(join(mirror, file), archive);
    expect(await fetched({ mirror: pathToFileURL(mirror).href })).toMatchObject({ path: place() });
    await removeWeights('resnet_v1_50', folder);
    const missing = fetched({ mirror: pathToFileURL(base).href });
    await expect(missing).rejects.toThrow(/there is no such file.*put the archive/s);
  });

  test('nothing is asked for where that is forbidden', async () => {
    process.env.SLIMNET_OFFLINE = '1';
    await expect(fetched()).rejects.toThrow(`or its resnet_v1_50.ckpt at ${place()}`);
    expect(server.requests).toEqual([]);
  });

  test('an address that nobody answers at is named, with what to do', async () => {
    const gone = await WeightServer.start(new Map());
    const { url } = gone;
    await gone.stop();
    await expect(fetched({ mirror: url })).rejects.toThrow(/ECONNREFUSED.*put the archive/s);
  });
});

describe('addresses', () => {
  test("are the environment's where the caller names none", async () => {
    process.env.SLIMNET_WEIGHTS_MIRROR = `${server.url}graphs`;
    expect((await fetchWeights('resnet_v1_50')).source).toBe(`${server.url}graphs/${file}`);
  });

  test.each(['http://example.org/', 'ftp://example.org/', 'weights/'])('%s is refused', async (mirror) => {
    await expect(fetched({ mirror })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringContaining('expected an https: address'),
    });
  });

  test('there are of the networks that were published', async () => {
    expect(publishedNetworks).toEqual([
      'resnet_v1_50',
      'resnet_v1_101',
      'resnet_v1_152',
      'resnet_v2_50',
      'resnet_v2_101',
      'resnet_v2_152',
      'vgg_16',
      'vgg_19',
    ]);
    await expect(fetchWeights('resnet_v1_200')).rejects.toThrow(/no weights of resnet_v1_200 were published/);
    await expect(fetchWeights('resnet_v1_50', { miror: 'x' } as FetchWeightsOptions)).rejects.toThrow(
      /did you mean mirror/,
    );
  });
});

describe('slimnet weights', () => {
  test('fetches, lists, tells the place, and removes', async () => {
    const before = await runCli(['weights', 'path', 'resnet_v1_50']);
    expect(before).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringContaining('slimnet weights fetch resnet_v1_50'),
    });
    const fetching = await runCli(['weights', 'fetch', 'resnet_v1_50', '--mirror', server.url]);
    expect(fetching).toMatchObject({
      status: 0,
      out: `${place()}\n`,
      err: expect.stringContaining(`fetching ${server.url}`),
    });
    expect(await runCli(['weights', 'path', 'resnet_v1_50'])).toMatchObject({ status: 0, out: `${place()}\n` });
    const { out } = await runCli(['weights', 'list']);
    expect(out).toMatch(/resnet_v1_50 +75\.2 +92\.2 +resnet_v1_50_2016_08_28\.tar\.gz +\d+ kB/);
    expect(out).toMatch(/vgg_19 .* not there/);
    const listed = JSON.parse((await runCli(['weights', 'list', '--json'])).out) as {
      weights: { network: string; bytes: number }[];
    };
    expect(listed.weights.filter(({ bytes }) => bytes > 0).map(({ network }) => network)).toEqual(['resnet_v1_50']);
    expect(await runCli(['weights', 'rm', 'resnet_v1_50'])).toMatchObject({
      status: 0,
      err: expect.stringContaining('removed'),
    });
    expect(keptWeights(folder).every(({ bytes }) => bytes === 0)).toBe(true);
    expect(await runCli(['weights', 'rm', 'resnet_v1_50'])).toMatchObject({
      status: 0,
      err: expect.stringContaining('nothing was there'),
    });
  });

  test('shows on a terminal how far it is, and fails with a hint', async () => {
    const shown = await runCli(['weights', 'fetch', 'resnet_v1_50', '--mirror', server.url], { terminal: true });
    expect(shown.err).toMatch(/kB of \d+ kB \(\d+ %\)/);
    const failed = await runCli(['weights', 'fetch', 'resnet_v1_101', '--mirror', server.url]);
    expect(failed).toMatchObject({ status: 1, err: expect.stringContaining('the server answered 404') });
    expect(failed.err).toContain('put the archive resnet_v1_101_2016_08_28.tar.gz');
  });

  test('knows the networks that were published', async () => {
    expect(await runCli(['weights', 'fetch', 'resnet_v1_200'])).toMatchObject({ status: 2 });
  });
});
