/** Clients that send, read or connect as no client should. */
import { connect, type Socket } from 'node:net';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { decodeInferRequest } from '../../../lib/server/grpc/infer_messages.js';
import { type ServerOptions, startServer } from '../../../lib/server/index.js';
import type { Answered } from '../../../lib/server/monitor.js';
import { RequestError } from '../../../lib/server/protocol/index.js';
import { fakeModel, fakeRequest } from '../../helpers/fake_model.js';
import { hash } from '../../helpers/generator.js';

const path = '/v2/models/fake/infer';

async function start(options: Partial<ServerOptions> = {}) {
  const fake = fakeModel();
  const answered: Answered[] = [];
  const server = await startServer({
    models: { fake: fake.model },
    ...{ port: 0, grpcPort: 0, drainDelayMs: 0, metrics: false },
    monitor: { answered: (request) => answered.push(request) },
    ...options,
  });
  const ports = { http: Number(new URL(server.url).port), grpc: Number(server.grpcAddress?.split(':').at(-1)) };
  const client = new Client(server.grpcAddress as string, credentials.createInsecure());
  return {
    ...{ fake, server, answered, ports, client },
    async [Symbol.asyncDispose]() {
      client.close();
      await server.stop();
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Sends bytes, and gives what comes until the connection ends. */
function talk(port: number, bytes: Buffer | string, { half = false } = {}): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      socket.write(bytes);
      if (half) socket.end();
    });
    socket.setEncoding('latin1').on('data', (data) => {
      received += data;
    });
    socket.on('error', () => {});
    socket.on('end', () => socket.destroy());
    socket.on('close', () => resolve(received));
  });
}

const live = (client: Client, metadata = new Metadata()): Promise<number[]> =>
  new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      ...(['/inference.GRPCInferenceService/ServerLive', Buffer.from, Buffer.from, Buffer.alloc(0)] as const),
      ...([
        metadata,
        (error: ServiceError | null, value?: Buffer) => (error ? reject(error) : resolve([...(value ?? [])])),
      ] as const),
    ),
  );

test('a client that closes its side has left, as far as anybody can tell: its work is dropped', async () => {
  await using running = await start();
  const body = JSON.stringify(fakeRequest);
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
  const answer = talk(running.ports.http, head + body, { half: true });
  expect((await running.fake.called(0)).options.signal?.aborted).toBe(false);
  expect(await answer).toBe('');
  await until(() => running.answered.length > 0);
  expect(running.answered[0]).toMatchObject({ protocol: 'http', reason: 'client_gone' });
});

test('a client that does not read its answer is let go', async () => {
  await using running = await start({ limits: { requestTimeoutMs: 300 } });
  const { fake, ports, answered, client } = running;
  const logits = new Float32Array(8_000_000);
  fake.model.infer = (async () => [{ logits }]) as never;
  const outputs = [{ name: 'logits', parameters: { binary_data: true } }];
  const body = JSON.stringify({ ...fakeRequest, outputs });
  const socket = connect(ports.http, '127.0.0.1', () => {
    socket.pause();
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  socket.on('error', () => {});
  await until(() => answered.length === 1);
  expect(answered[0]).toMatchObject({ protocol: 'http', reason: 'client_gone' });
  socket.destroy();
  // In gRPC a stream that nobody reads from.
  const field = (number: number, bytes: Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  const text = (number: number, value: string) => field(number, Buffer.from(value));
  const input = field(5, Buffer.concat([text(1, 'images'), text(2, 'FP32'), field(3, Buffer.from([1, 2, 2, 3]))]));
  const message = Buffer.concat([text(1, 'fake'), input, field(6, text(1, 'logits')), field(7, Buffer.alloc(48))]);
  const call = client.makeServerStreamRequest(
    ...(['/inference.GRPCInferenceService/ModelInfer', (bytes: Buffer) => bytes, Buffer.from, message] as const),
  );
  const ended = new Promise((resolve) => call.on('error', resolve));
  call.pause();
  await until(() => answered.length === 2);
  expect(answered[1]).toMatchObject({ protocol: 'grpc', operation: 'infer' });
  call.cancel();
  call.resume();
  await ended;
});

test('what is no gRPC, and metadata without end, cost their own connection', async () => {
  await using running = await start({ limits: { keepAliveTimeoutMs: 500 } });
  const { ports, client } = running;
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  const answers = await Promise.all([
    talk(ports.grpc, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    talk(ports.grpc, Buffer.alloc(5000, 0xff)),
    talk(ports.grpc, Buffer.concat([Buffer.from(preface), Buffer.alloc(100, 0xfe)])),
    talk(ports.grpc, preface, { half: true }),
    // A frame of settings that claims more than there may be.
    talk(ports.grpc, Buffer.concat([Buffer.from(preface), Buffer.from([0xff, 0xff, 0xff, 4, 0, 0, 0, 0, 0])])),
  ]);
  expect(answers).toHaveLength(5);
  const huge = new Metadata();
  for (let i = 0; i < 40; i++) huge.set(`name-${i}`, 'x'.repeat(8000));
  await expect(live(client, huge)).rejects.toMatchObject({ code: expect.any(Number) });
  expect(await live(client)).toEqual([8, 1]);
  expect((await fetch(`${running.server.url}/v2/health/live`)).status).toBe(200);
});

test('connections beyond the limit are closed, and those within it served', async () => {
  await using running = await start({ limits: { maxConnections: 3 } });
  for (const port of [running.ports.http, running.ports.grpc]) {
    const sockets: Socket[] = [];
    let closed = 0;
    for (let i = 0; i < 20; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.on('close', () => closed++);
      socket.resume();
      sockets.push(socket);
    }
    await until(() => closed >= 17);
    expect(closed).toBe(17);
    for (const socket of sockets) socket.destroy();
    await until(() => closed === 20);
  }
  await until(() => running.server.app.server.listening);
  let answer: number[] | null = null;
  while (answer === null)
    answer = await live(running.client).catch(({ code }) =>
      code === status.UNAVAILABLE ? null : Promise.reject(code),
    );
  expect(answer).toEqual([8, 1]);
});

test('messages that are damaged anywhere are refused, or mean something', () => {
  let drawn = 0;
  const random = () => hash(drawn++, 7);
  const field = (number: number, bytes: Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  const text = (number: number, value: string) => field(number, Buffer.from(value));
  const parameter = field(4, Buffer.concat([text(1, 'priority'), field(2, Buffer.from([0x28, 3]))]));
  const head = Buffer.concat([text(1, 'images'), text(2, 'FP32'), field(3, Buffer.from([1, 1, 2, 3]))]);
  const typed = field(5, Buffer.concat([head, field(5, field(6, Buffer.alloc(24, 1)))]));
  const whole = Buffer.concat([text(1, 'fake'), text(3, 'id'), parameter, typed, field(6, text(1, 'logits'))]);
  expect(decodeInferRequest(whole).request.inputs[0]?.data).toHaveLength(6);
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    const bytes = Buffer.from(whole);
    for (let n = 0; n < 1 + (i % 4); n++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    const cut = i % 3 === 0 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
    try {
      decodeInferRequest(cut);
    } catch (error) {
      expect(error).toBeInstanceOf(RequestError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(1000);
});
