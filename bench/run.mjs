// Measures slimnet beside its peers: see bench/README.md.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildLimit } from './onednn_limit/build.mjs';
import { prepare } from './prepare.mjs';
import { median, writeReport } from './report.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    batches: { type: 'string', default: '1,32' },
    pin: { type: 'string', default: '0,1' },
    networks: { type: 'string', default: 'resnet_v1_50,resnet_v2_50,vgg_16' },
    compile: { type: 'string', default: 'resnet_v1_200' },
    only: { type: 'string', default: 'throughput,startup,memory,loop,overhead,compile' },
  },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const batches = options.batches.split(',').map(Number);
const networks = options.networks.split(',');
const [main] = networks;
const threads = options.pin.split(',').length;
const only = new Set(options.only.split(','));
const subjects = ['slimnet', 'onnxruntime'];
/** The network whose convolutions onednn_limit runs. */
const limited = 'resnet_v1_50';

if (!existsSync(join(here, 'node_modules', 'onnxruntime-node'))) {
  console.error('installing the peers into bench/node_modules');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
}
const files = {};
for (const network of networks) files[network] = await prepare(network, join(here, '..', 'build', 'bench'));
const limit = await buildLimit(join(here, '..', 'build', 'bench'));

/** Starts a driver as a pinned process and gives its one line of JSON. */
function drive(driver, task) {
  const run = spawnSync(
    'taskset',
    [
      '-c',
      options.pin,
      process.execPath,
      join(here, 'drivers', `${driver}.mjs`),
      JSON.stringify({ network: main, ...files[task.network ?? main], threads, ...task }),
    ],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 2 ** 20,
    },
  );
  if (run.status !== 0) throw new Error(`${driver} ${JSON.stringify(task)} failed:\n${run.stderr}`);
  return JSON.parse(run.stdout.trim().split('\n').at(-1));
}

function driveLimit(batch) {
  const iterations = Math.max(5, Math.round((seconds * 40) / batch));
  const run = spawnSync('taskset', ['-c', options.pin, limit, String(batch), 'f32', String(iterations)], {
    encoding: 'utf8',
    env: { ...process.env, THREADS: String(threads) },
  });
  if (run.status !== 0) throw new Error(`onednn_limit failed:\n${run.stderr}`);
  return Number(/([\d.]+) images\/s/.exec(run.stdout)[1]);
}

const log = (text) => console.error(text);

// Correctness first: a figure of a subject whose logits differ does not count.
let difference = 0;
for (const network of networks) {
  const logits = subjects.map((s) => drive(s, { network, kind: 'check', batch: 2, wantLogits: true }).logits);
  const range = Math.max(...logits[0]) - Math.min(...logits[0]);
  const found = Math.max(...logits[0].map((v, i) => Math.abs(v - logits[1][i]))) / range;
  if (!(found < 1e-4)) throw new Error(`${network}: the subjects disagree: ${found} of the logits' range.`);
  log(`${network}: logits agree to ${found.toExponential(1)} of their range`);
  difference = Math.max(difference, found);
}

const results = { throughput: {}, startup: {}, memory: {}, loop: {} };
if (only.has('throughput')) {
  for (const network of networks) results.throughput[network] = {};
  for (const batch of batches) {
    const rows = Object.fromEntries(networks.map((network) => [network, { slimnet: [], onnxruntime: [] }]));
    if (limited in rows) rows[limited].onednn_limit = [];
    for (let round = 0; round < rounds; round++) {
      for (const network of networks) {
        for (const subject of subjects) {
          const { times } = drive(subject, { network, kind: 'throughput', batch, seconds });
          rows[network][subject].push((batch * 1000) / median(times));
        }
        if (network === limited) rows[limited].onednn_limit.push(driveLimit(batch));
        log(
          `${network}, batch ${batch}, round ${round + 1}: ${Object.entries(rows[network])
            .map(([k, v]) => `${k} ${v.at(-1)?.toFixed(1)}`)
            .join(', ')} images/s`,
        );
      }
    }
    for (const network of networks) results.throughput[network][batch] = rows[network];
  }
}
if (only.has('startup')) {
  const rows = { slimnet: [], onnxruntime: [] };
  for (let round = 0; round < rounds; round++)
    for (const subject of subjects) rows[subject].push(drive(subject, { kind: 'startup', batch: 1 }).firstLogits);
  results.startup = rows;
  log(`start to first logits: ${subjects.map((s) => `${s} ${median(rows[s]).toFixed(0)} ms`).join(', ')}`);
}
if (only.has('memory')) {
  for (const subject of subjects)
    results.memory[subject] = [0, 1, 2].map(() => drive(subject, { kind: 'memory', batch: 1 }).peak);
  log(
    `peak memory at batch 1: ${subjects.map((s) => `${s} ${(median(results.memory[s]) / 2 ** 20).toFixed(0)} MiB`).join(', ')}`,
  );
}
if (only.has('loop')) {
  for (const subject of subjects)
    results.loop[subject] = [0, 1, 2].map(
      () => drive(subject, { kind: 'loop', batch: 32, seconds: 2 * seconds }).delay,
    );
  log(
    `event-loop delay p99: ${subjects.map((s) => `${s} ${median(results.loop[s].map((d) => d.p99)).toFixed(1)} ms`).join(', ')}`,
  );
}
if (only.has('overhead')) {
  results.overhead = Array.from({ length: 3 }, () => median(drive('overhead', { seconds }).times));
  log(`round trip of an empty run: ${(median(results.overhead) * 1000).toFixed(0)} us`);
}
if (only.has('compile')) {
  const network = options.compile;
  const times = Array.from({ length: rounds }, () => drive('compile', { network }).milliseconds);
  results.compile = { network, times };
  log(`${network}, graph to compiled program with fresh weights: ${median(times).toFixed(0)} ms`);
}

const cpu = readFileSync('/proc/cpuinfo', 'utf8');
const report = {
  date: new Date().toISOString().slice(0, 10),
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  machine: {
    cpu: cpus()[0].model,
    family: /cpu family\s*: (\d+)/.exec(cpu)?.[1],
    model: /\nmodel\s*: (\d+)/.exec(cpu)?.[1],
    amx: /\bamx_tile\b/.test(cpu),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim(),
    hugePages: readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8').trim(),
    load: loadavg()[0],
    node: process.version,
    onnxruntime: JSON.parse(readFileSync(join(here, 'node_modules/onnxruntime-node/package.json'), 'utf8')).version,
    pinned: options.pin,
  },
  protocol: { networks, rounds, seconds, batches },
  difference,
  results,
};
mkdirSync(join(here, 'results'), { recursive: true });
const file = join(here, 'results', `${report.date}.json`);
writeFileSync(file, `${JSON.stringify(report, (_, v) => (typeof v === 'number' ? Number(v.toPrecision(6)) : v), 1)}\n`);
writeReport(report, join(here, '..', 'docs', 'benchmarks.md'));
log(`wrote ${file} and docs/benchmarks.md`);
