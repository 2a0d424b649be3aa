/**
 * Runs the workers of examples/queue over a redis-server, kills one at random again and again and starts another in its place, until all jobs are
 * done. In the end each picture must have one result, the one that it has without a queue, and no job may have failed or be left.
 *
 *   node test/reliability/kill_queue.mjs [--jobs 10000] [--kills 100] [--workers 3]
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadModel } from '../../dist/index.js';
import { smallImages, smallWeights } from './small_weights.mjs';

const example = (name) => fileURLToPath(new URL(`../../examples/queue/${name}.mjs`, import.meta.url));
const lockMs = 2000;
const pictures = 100;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Runs a program to its end, which must come in five minutes. @returns what it printed */
async function run(args, env) {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), 300_000);
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  const [status] = await once(child, 'close');
  clearTimeout(timer);
  if (status === null) throw new Error(`${args.join(' ')} did not end: ${out}${err}`);
  return { status, out, err };
}

/** @returns null, with the reason printed, where there is no redis-server */
export async function killQueue(jobs, kills, count) {
  const setup = spawnSync(fileURLToPath(new URL('../../scripts/services/setup.sh', import.meta.url)), {
    encoding: 'utf8',
  });
  if (setup.status !== 0) {
    console.log(`not run, there is no redis-server: ${setup.error?.message ?? setup.stderr.trim()}`);
    return null;
  }
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-queue-'));
  const port = await freePort();
  const server = join(dirname(setup.stdout.trim()), 'redis-server');
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'noeviction'];
  const redis = spawn(server, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const workers = new Set();
  let isOver = false;
  try {
    await once(redis.stdout, 'data');
    const weights = await smallWeights(join(folder, 'weights'));
    const images = await smallImages(join(folder, 'images'), pictures);
    // The last one is damaged.
    writeFileSync(images.at(-1), 'damaged');
    mkdirSync(join(folder, 'jobs'));
    const files = Array.from({ length: jobs }, (_, i) => join(folder, 'jobs', `${i}.png`));
    for (const [i, file] of files.entries()) linkSync(images[i % pictures], file);
    writeFileSync(join(folder, 'list.txt'), `${files.join('\n')}\n`);
    const expected = new Map();
    const model = await loadModel('resnet_18', { checkpoint: weights, imageSize: 32, precision: 'float32' });
    for (const image of images)
      expected.set(
        image,
        await model.classify(image, { topK: 1 }).then(
          ([{ index }]) => index,
          (error) => error.code,
        ),
      );
    await model[Symbol.asyncDispose]();

    const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${port}`, SLIMNET_LOCK_MS: `${lockMs}` };
    Object.assign(env, { SLIMNET_MODEL: 'resnet_18', SLIMNET_IMAGE_SIZE: '32' });
    const began = performance.now();
    const failures = [];
    let [killed, done] = [0, 0];
    // Queues until there have been so many kills: a fast machine is done with one before the first.
    for (let round = 0; killed < kills; round++) {
      const queue = `photos${round}`;
      isOver = false;
      // A producer that is run twice adds nothing twice.
      const added = await run([example('producer'), queue, join(folder, 'list.txt')], env);
      const again = await run([example('producer'), queue, join(folder, 'list.txt')], env);
      if (added.status !== 0 || again.status !== 0) throw new Error(added.err + again.err);

      const start = () => {
        // What it says is that locks ran out, where this machine was too busy to renew them: their jobs are done twice then.
        const worker = spawn(process.execPath, [example('worker'), queue, weights], { env, stdio: 'ignore' });
        workers.add(worker);
        worker.on('close', (status) => {
          workers.delete(worker);
          if (!isOver && status !== null) failures.push(`a worker ended with status ${status}`);
        });
      };
      for (let i = 0; i < count; i++) start();
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 1500));
        const { status, out, err } = await run([example('results'), queue], env);
        // They would never have results: waiting for these has no end.
        if (/ [1-9]\d* failed$/.test(err.trimEnd())) throw new Error(`jobs failed: ${err}`);
        const lines = out.trimEnd().split('\n');
        if (status === 0 && lines.length >= jobs) {
          isOver = true;
          const results = lines.map((line) => JSON.parse(line));
          const names = new Set(results.map(({ file }) => file));
          if (results.length !== jobs || names.size !== jobs)
            throw new Error(`${results.length} results of ${jobs} jobs`);
          for (const { file, predictions, error } of results) {
            const image = images[Number(/(\d+)\.png$/.exec(file)[1]) % pictures];
            const is = error?.code ?? predictions[0].index;
            if (is !== expected.get(image)) throw new Error(`${file}: ${is}, expected ${expected.get(image)}`);
          }
          const ends = [...workers].map((worker) => once(worker, 'close'));
          for (const worker of workers) worker.kill('SIGTERM');
          // One that is still loading has nothing to end in order.
          for (const [status, signal] of await Promise.all(ends))
            if (status !== 0 && signal !== 'SIGTERM') throw new Error(`a worker ended with ${status ?? signal}`);
          done += results.length;
          break;
        }
        if (failures.length > 0) throw new Error(failures.join(''));
        if (killed < kills) {
          const all = [...workers];
          const victim = all[Math.floor(Math.random() * all.length)];
          victim.kill('SIGKILL');
          killed++;
          start();
        }
      }
    }
    return { killed, results: done, seconds: (performance.now() - began) / 1000 };
  } finally {
    isOver = true;
    for (const worker of workers) worker.kill('SIGKILL');
    redis.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: '10000' },
      kills: { type: 'string', default: '100' },
      workers: { type: 'string', default: '3' },
    },
  });
  const result = await killQueue(Number(values.jobs), Number(values.kills), Number(values.workers));
  if (result !== null)
    console.log(
      `${result.killed} kills, ${result.results} results, each there once and right, none failed, ${result.seconds.toFixed(0)} s`,
    );
}
