/** `slimnet serve` as people run it: the command itself, every flag, several processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { commandLine } from '../../lib/cli/main.js';
import { loadModel } from '../../lib/model/index.js';
import { builtProgram } from '../helpers/built_program.js';
import { fakeIo } from '../helpers/cli.js';
import { encoders, gradient } from '../helpers/pictures.js';
import { temporaryFolder } from '../helpers/temporary_folder.js';

const folder = temporaryFolder('serve');
const token = 'a-token-of-sufficient-length';
const authorization = `Bearer ${token}`;
const golden = join(__dirname, '..', 'golden', 'server');
const side = 32;
let picture: Buffer;

beforeAll(async () => {
  const model = await loadModel('resnet_18', { untrainedSeed: 1, numClasses: 3, precision: 'float32' });
  await model.session.save(join(folder, 'small.safetensors'));
  await model[Symbol.asyncDispose]();
  writeFileSync(join(folder, 'labels.txt'), 'red\ngreen\nblue\n');
  writeFileSync(join(folder, 'token.txt'), `${token}\n`);
  const { width, height, data } = gradient(20, 16);
  picture = Buffer.from(await encoders.png.encode({ width, height, channels: 3, data }));
});

class Served {
  readonly child: ChildProcess;
  log = '';
  readonly ended: Promise<number | string>;

  constructor(flags: readonly string[]) {
    this.child = spawn(process.execPath, [builtProgram, 'serve', ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(signal ?? code ?? 0)));
  }

  /** Waits for words in what it says; ends with it. */
  async says(words: RegExp, times = 1): Promise<RegExpMatchArray> {
    const all = new RegExp(words, 'g');
    for (;;) {
      const found = [...this.log.matchAll(all)];
      if (found.length >= times) return found[times - 1] as RegExpMatchArray;
      if (this.child.exitCode !== null) throw new Error(`The server ended with ${this.child.exitCode}:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A request on a connection of its own, unless an agent has one. @returns null where the connection broke */
function ask(url: string, path: string, body?: Buffer, agent?: Agent): Promise<Answer | null> {
  return new Promise((resolve) => {
    const options = {
      ...{ method: body === undefined ? 'GET' : 'POST', headers: { authorization }, rejectUnauthorized: false },
      // A connection that was being handed to a worker when that was killed is never answered.
      ...{ agent: agent ?? false, timeout: 10_000 },
    };
    const call = (url.startsWith('https') ? httpsRequest : httpRequest)(url + path, options, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (part: string) => {
          text += part;
        })
        .on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
        .on('error', () => resolve(null));
    });
    call.on('error', () => resolve(null));
    call.on('timeout', () => call.destroy());
    call.end(body);
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Bytes of memory that a process has for itself. */
function privateBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const lines = [...text.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)];
  return lines.reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
}

/** Bytes of the weights that are shared through a folder. */
function sharedBytes(path: string): number {
  const weights = readdirSync(path).filter((name) => name !== 'in_use');
  return weights.reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

const ready = (served: Served, url: string) =>
  until(async () => {
    if (served.child.exitCode !== null) throw new Error(`The server ended:\n${served.log}`);
    return (await ask(url, '/v2/health/ready'))?.status === 200;
  });
const limits = [
  ...['--max-body-bytes', '2000000', '--max-images', '4', '--max-concurrent', '64', '--max-buffered-bytes', '8000000'],
  ...[
    '--max-connections',
    '128',
    '--timeout-ms',
    '30000',
    '--request-timeout-ms',
    '20000',
    '--headers-timeout-ms',
    '5000',
  ],
  ...['--keep-alive-timeout-ms', '60000', '--max-header-bytes', '16384', '--max-pixels', '1000000', '--queue', '64'],
];
const first = [
  ...[
    '--checkpoint',
    '--model',
    'resnet_18',
    '--size',
    `${side}`,
    '--batch',
    '2',
    '--precision',
    'float32',
    '--classes',
    '3',
  ],
  ...[
    '--device',
    'cpu',
    '--threads',
    '1',
    '--mode',
    'throughput',
    '--image-workers',
    '1',
    '--labels',
    '--name',
    'small',
  ],
  ...['--preprocessing', 'torchvision', '--resize-side', '40', '--interpolation', 'bilinear'],
  ...['--mean', '120,110,100', '--std', '1,1,1', '--fast-decode', '--cmyk', 'plain'],
  ...[
    '--workers',
    '2',
    '--port',
    '0',
    '--grpc-port',
    '0',
    '--host',
    '127.0.0.1',
    '--token-file',
    '--shared-weights',
    '--log-level',
    'debug',
  ],
  ...['--watch', '--watch-ms', '200', '--model-control', '--profiling', '--triton-metrics'],
  ...['--drain-delay-ms', '100', '--grace-ms', '20000', ...limits],
];
const second = [
  ...['--repository', '--workers', '2', '--port', '0', '--size', `${side}`, '--batch', '1', '--crop-fraction', '0.9'],
  ...['--tls-cert', '--tls-key', '--no-metrics', '--no-page', '--tracing', '--log-level', 'silent'],
  ...['--no-shared-weights', '--instances', '2', '--compute-nice', '1'],
];
/** Those that name files. */
const files: Readonly<Record<string, string>> = {
  '--checkpoint': join(folder, 'small.safetensors'),
  '--labels': join(folder, 'labels.txt'),
  '--token-file': join(folder, 'token.txt'),
  '--shared-weights': join(folder, 'shared'),
  '--repository': join(folder, 'models'),
  '--tls-cert': join(golden, 'cert.pem'),
  '--tls-key': join(golden, 'key.pem'),
};
const withFiles = (flags: readonly string[]) =>
  flags.flatMap((flag) => [flag, ...(flag in files ? [files[flag] ?? ''] : [])]);

test('every flag is given to a server here, but those about weights and GPUs that all commands share', () => {
  const command = commandLine(fakeIo(), () => {}).commands.find((each) => each.name() === 'serve');
  const known = (command?.options ?? []).map(({ long }) => long);
  const given = new Set([...first, ...second]);
  expect(known.filter((flag) => !given.has(flag ?? '')).sort()).toEqual([
    ...['--calibration', '--gpu', '--layout', '--min-agreement', '--moving-averages', '--prefix', '--weights'],
  ]);
});

test('workers answer as one server; one that is killed loses its own requests alone, and is started anew', async () => {
  const served = new Served(withFiles(first));
  const [, url = '', grpcAddress = ''] = await served.says(/listening at (\S+), and for gRPC at (\S+), 2 workers/);
  await ready(served, url);
  const classify = '/v1/models/small:classify?top_k=1';
  const answer = await ask(url, classify, picture);
  expect(answer?.status).toBe(200);
  expect(JSON.parse(answer?.body ?? '')).toMatchObject({
    predictions: [{ label: expect.stringMatching(/red|green|blue/) }],
  });
  expect((await ask(url, '/v2/models/small/profile'))?.status).toBe(200);
  expect((await ask(url, classify, Buffer.alloc(2_000_001)))?.status).toBe(413);

  const client = new Client(grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', authorization);
  const modelReady = await new Promise((resolve) =>
    client.makeUnaryRequest(
      ...(['/inference.GRPCInferenceService/ModelReady', Buffer.from, Buffer.from] as const),
      ...([
        Buffer.from([0x0a, 5, ...Buffer.from('small')]),
        metadata,
        (error: unknown, value: unknown) => resolve(error ?? [...(value as Buffer)]),
      ] as const),
    ),
  );
  expect(modelReady).toEqual([8, 1]);
  client.close();

  const metric = async (name: string, labels = /^/): Promise<number> => {
    const text = (await ask(url, '/metrics'))?.body ?? '';
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => labels.test(line))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  expect(await metric('slimnet_workers')).toBe(2);
  const before = await metric('slimnet_images_total');
  expect(before).toBe(1);

  // The weights are in memory once: what a worker has for itself is little more with them than without.
  await served.says(/worker (\d+): small, version 1: ready/, 2);
  const pids = [...served.log.matchAll(/worker (\d+): small, version 1: ready/g)].map(([, pid]) => Number(pid));
  const shared = join(folder, 'shared');
  const weights = (await metric('slimnet_model_bytes', /kind="(variables|packed)"/)) / pids.length;
  expect(weights).toBeGreaterThan(80e6);
  expect(sharedBytes(shared)).toBeGreaterThan(0.9 * weights);
  expect(sharedBytes(shared)).toBeLessThanOrEqual(weights);
  const loaded = pids.map(privateBytes);

  // Whatever worker takes the request, all of them do what it says.
  const control = (what: string) => ask(url, `/v2/repository/models/small/${what}`, Buffer.alloc(0));
  expect((await control('unload'))?.status).toBe(200);
  pids.forEach((pid, i) => {
    expect((loaded[i] ?? 0) - privateBytes(pid)).toBeLessThan(0.25 * weights);
  });
  expect(sharedBytes(shared)).toBe(0);
  for (let i = 0; i < 4; i++) expect((await ask(url, '/v2/models/small/ready'))?.status).toBe(503);
  expect((await control('load'))?.status).toBe(200);
  for (let i = 0; i < 4; i++) expect((await ask(url, '/v2/models/small/ready'))?.status).toBe(200);

  // A new checkpoint reaches all of them, too.
  const loads = [...served.log.matchAll(/small, version 1: ready/g)].length;
  writeFileSync(join(folder, 'next.safetensors'), readFileSync(join(folder, 'small.safetensors')));
  renameSync(join(folder, 'next.safetensors'), join(folder, 'small.safetensors'));
  await served.says(/small, version 1: ready/, loads + 2);

  const [, pid] = await served.says(/worker (\d+): small, version 1: ready/);
  let [open, broken, answers] = [true, 0, 0];
  const statuses = new Set<number>();
  const clients = Array.from({ length: 6 }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (open) {
      const each = await ask(url, classify, picture, agent);
      if (each === null) broken++;
      else statuses.add(each.status);
      answers++;
    }
    agent.destroy();
  });
  await until(async () => answers >= 12);
  process.kill(Number(pid), 'SIGKILL');
  await served.says(/a worker ended by SIGKILL; 1 of 2 go on/);
  await until(async () => (await metric('slimnet_workers')) === 2);
  open = false;
  await Promise.all(clients);
  // Each client has one request on its way when the worker ends, and may find its connection closed once more.
  expect(broken).toBeLessThanOrEqual(12);
  expect([...statuses]).toEqual([200]);
  expect(await metric('slimnet_worker_restarts_total')).toBe(1);
  expect(await metric('slimnet_images_total')).toBeGreaterThanOrEqual(before);
  expect(await metric('nv_inference_count')).toBeGreaterThan(0);

  // All that is accepted is answered, whichever worker has it.
  const last = Array.from({ length: 8 }, () => ask(url, classify, picture));
  await new Promise((resolve) => setTimeout(resolve, 50));
  served.child.kill('SIGTERM');
  for (const each of await Promise.all(last)) expect(each?.status).toBe(200);
  expect(await served.ended).toBe(0);
  expect(sharedBytes(shared)).toBe(0);
});

test('a repository over TLS; workers whose main process is killed end', async () => {
  mkdirSync(join(folder, 'models', 'flowers', '3'), { recursive: true });
  writeFileSync(
    join(folder, 'models', 'flowers', '3', 'model.safetensors'),
    readFileSync(join(folder, 'small.safetensors')),
  );
  const served = new Served(withFiles(second));
  const [, url = ''] = await served.says(/listening at (https:\S+), 2 workers/);
  await ready(served, url);
  const answer = await ask(url, '/v1/models/flowers:classify', picture);
  expect(JSON.parse(answer?.body ?? '')).toMatchObject({ model_version: '3', predictions: expect.any(Array) });
  expect((await ask(url, '/metrics'))?.status).toBe(404);
  await served.says(/flowers, version 3: ready/, 2);
  const pids = [...served.log.matchAll(/worker (\d+): flowers, version 3: ready/g)].map(([, pid]) => Number(pid));
  expect(pids).toHaveLength(2);
  served.child.kill('SIGKILL');
  await until(async () => !pids.some(isAlive));
});

test('a server whose workers cannot start ends, and says why', async () => {
  writeFileSync(join(folder, 'broken.safetensors'), 'nothing');
  const flags = [
    '--checkpoint',
    join(folder, 'broken.safetensors'),
    '--name',
    'small',
    '--workers',
    '2',
    '--port',
    '0',
  ];
  const served = new Served(flags);
  expect(await served.ended).toBe(1);
  expect(served.log).toMatch(/broken\.safetensors/);
  expect(served.log).toMatch(/a worker ended with status 1 before all were ready/);
});
