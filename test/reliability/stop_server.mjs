// Stops a server under load, again and again: every request that it took is answered, and it ends with status 0.
//
//   node test/reliability/stop_server.mjs [--stops 100] [--clients 16]
import { fork } from 'node:child_process';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadModel, nets, slim } from '../../dist/index.js';
import { startServer } from '../../dist/server/index.js';

const { values } = parseArgs({
  options: {
    stops: { type: 'string', default: '100' },
    clients: { type: 'string', default: '16' },
    server: { type: 'boolean', default: false },
  },
});
const side = 32;

if (values.server) await serve();
else await stopAll();

/** A server that counts what it has answered, and tells when it ends. */
async function serve() {
  const network = {
    ...{ name: 'small', imageSize: side, preprocessing: 'caffe' },
    build: (images, { numClasses, isTraining }) =>
      slim.argScope(nets.resnetArgScope(), () =>
        nets.resnetV1(images, [nets.resnetV1BasicBlock('block1', { baseDepth: 32, numUnits: 4, stride: 1 })], {
          ...{ numClasses, isTraining, includeRootBlock: false, scope: 'small' },
        }),
      ),
  };
  const model = await loadModel(network, { untrainedSeed: 1, numClasses: 5, files: false, precision: 'float32' });
  const counts = { answered: 0, refused: 0, gone: 0 };
  const server = await startServer({
    ...{ models: { small: model }, port: 0, drainDelayMs: 200, metrics: false },
    // On a busy machine answers take their time: what counts is that they come.
    graceMs: 300_000,
    monitor: {
      answered: ({ reason }) => {
        counts[reason === null ? 'answered' : reason === 'client_gone' ? 'gone' : 'refused']++;
      },
    },
  });
  process.once('SIGTERM', async () => {
    const inTime = await server.stop();
    await model[Symbol.asyncDispose]();
    process.send(counts, () => process.exit(inTime ? 0 : 1));
  });
  process.send(server.url);
}

async function stopAll() {
  const totals = { stops: 0, answered: 0, refused: 0, lost: 0 };
  const body = JSON.stringify({
    inputs: [
      { name: 'images', datatype: 'FP32', shape: [1, side, side, 3], data: new Array(side * side * 3).fill(0.5) },
    ],
  });
  for (let i = 0; i < Number(values.stops); i++) {
    const child = fork(fileURLToPath(import.meta.url), ['--server']);
    const started = new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`The server ended with status ${code} before it was reached.`)));
    });
    const url = new URL(await started);
    const told = new Promise((resolve) => child.once('message', resolve));
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
    const agent = new Agent({ keepAlive: true });
    let [open, answered] = [true, 0];
    const post = () =>
      new Promise((resolve) => {
        const call = request(
          { agent, hostname: url.hostname, port: url.port, method: 'POST', path: '/v2/models/small/infer' },
          (response) =>
            response
              .resume()
              .on('end', () => resolve(response.statusCode))
              .on('error', () => resolve(0)),
        );
        call.on('error', () => resolve(0));
        call.end(body);
      });
    const clients = Array.from({ length: Number(values.clients) }, async () => {
      while (open) if ((await post()) === 200) answered++;
    });
    await new Promise((resolve) => setTimeout(resolve, 50 + 400 * Math.random()));
    child.kill('SIGTERM');
    const status = await ended;
    const counts = await Promise.race([told, { answered: Number.NaN, refused: 0, gone: 0 }]);
    open = false;
    agent.destroy();
    await Promise.all(clients);
    totals.stops++;
    if (totals.stops % 10 === 0) console.error(JSON.stringify(totals));
    totals.answered += answered;
    totals.refused += counts.refused;
    // What the server has answered or given up, and no client has.
    totals.lost += counts.answered + counts.gone - answered;
    if (status !== 0 || counts.answered + counts.gone !== answered) {
      console.error(
        `stop ${i + 1}: status ${status}, the server counted ${JSON.stringify(counts)}, clients ${answered}`,
      );
      process.exitCode = 1;
    }
  }
  console.log(JSON.stringify(totals));
}
