/**
 * Random shapes for the ways back of convolutions and poolings, `onednn` against `reference`, on every instruction set that oneDNN
 * can be held to here. The shapes run in child processes with a time limit for each: code that crashes or hangs is found as one
 * that is wrong, and the next child goes on behind it. Needs `npm run build`.
 *
 *   node scripts/fuzz_backward.mjs [--shapes 400] [--first 0] [--isa AVX2,SSE41] [--seconds 120]
 *
 * Prints one line for each shape that fails, and counts; exits with 1 when one did. A number makes the same shape everywhere.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { hash } from './golden/generator.mjs';
import { commandLine } from './lib/command_line.mjs';
import { main } from './lib/console.mjs';

/** Values of ONEDNN_MAX_CPU_ISA, from the least. */
const instructionSets = [
  'SSE41',
  'AVX',
  'AVX2',
  'AVX2_VNNI',
  'AVX2_VNNI_2',
  'AVX512_CORE',
  'AVX512_CORE_VNNI',
  'AVX512_CORE_BF16',
  'AVX512_CORE_FP16',
  'AVX512_CORE_AMX',
  'AVX512_CORE_AMX_FP16',
];

/** Most products of one shape: `reference` is slow. */
const mostProducts = 4e6;
const tolerance = 1e-3;

/** Draws of one number: the same number makes the same shape. */
class Dice {
  #seed;
  #draws = 0;

  constructor(seed) {
    this.#seed = seed;
  }

  below(end) {
    return Math.floor(hash(this.#draws++, 7000 + this.#seed) * end);
  }

  pick(items) {
    return items[this.below(items.length)];
  }

  pair(draw) {
    return [draw(), draw()];
  }
}

const channelCounts = [1, 2, 3, 4, 5, 8, 12, 15, 16, 17, 24, 32, 33, 48, 64, 96];

/** What to run: an op, its attributes, and the shapes of its inputs. */
function shapeOf(number) {
  const dice = new Dice(number);
  for (;;) {
    const drawn = dice.below(4) === 0 ? pooling(dice) : convolution(dice);
    if (drawn !== null) return drawn;
  }
}

/** Size behind a window, or null where it does not fit. */
function windowed(size, reach, stride, before, after) {
  const room = size + before + after - reach;
  return room < 0 ? null : Math.floor(room / stride) + 1;
}

function convolution(dice) {
  const isPoint = dice.below(2) === 0;
  const ksize = isPoint ? [1, 1] : dice.pair(() => dice.pick([1, 2, 3, 3, 5, 7]));
  const strides = dice.pick([[1, 1], [2, 2], [2, 2], dice.pair(() => 1 + dice.below(4))]);
  const dilations = isPoint || dice.below(3) > 0 ? [1, 1] : dice.pair(() => 1 + dice.below(3));
  const reach = ksize.map((k, i) => (k - 1) * dilations[i] + 1);
  const pads = isPoint && dice.below(4) > 0 ? [0, 0, 0, 0] : [0, 0, 1, 1].map((axis) => dice.below(reach[axis] + 1));
  const [channels, filters] = dice.pair(() => dice.pick(channelCounts));
  const x = [1 + dice.below(4), 1 + dice.below(16), 1 + dice.below(16), channels];
  const out = [0, 1].map((i) => windowed(x[i + 1], reach[i], strides[i], pads[2 * i], pads[2 * i + 1]));
  if (out.includes(null)) return null;
  const dy = [x[0], ...out, filters];
  const filter = [...ksize, channels, filters];
  const products = dy.reduce((a, b) => a * b, 1) * ksize[0] * ksize[1] * channels;
  if (products > mostProducts) return null;
  const attrs = { strides, dilations, padding: 'EXPLICIT', pads };
  const op = dice.pick(['conv2dBackwardData', 'conv2dBackwardFilter', 'conv2dBackwardFilter']);
  return { op, attrs, inputs: { x, filter, dy } };
}

function pooling(dice) {
  const ksize = dice.pair(() => 1 + dice.below(4));
  const strides = dice.pair(() => 1 + dice.below(4));
  const pads = [0, 0, 1, 1].map((axis) => dice.below(ksize[axis]));
  const x = [1 + dice.below(3), 1 + dice.below(16), 1 + dice.below(16), dice.pick(channelCounts)];
  const out = [0, 1].map((i) => windowed(x[i + 1], ksize[i], strides[i], pads[2 * i], pads[2 * i + 1]));
  if (out.includes(null)) return null;
  const attrs = { ksize, strides, padding: 'EXPLICIT', pads };
  return { op: dice.pick(['avgPool2dBackward', 'maxPool2dBackward']), attrs, inputs: { x, dy: [x[0], ...out, x[3]] } };
}

/** `child FIRST END`: runs the shapes, one line before and one behind each. */
async function child(first, end) {
  const { Graph, placeholder, Session } = await import('../build/lib/index.js');
  const { apply } = await import('../build/lib/core/graph.js');
  const ops = await import('../build/lib/ops/index.js');
  const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
  for (let number = first; number < end; number++) {
    say({ begun: number });
    const { op, attrs, inputs } = shapeOf(number);
    const graph = new Graph();
    const result = graph.build(() => {
      const tensors = Object.entries(inputs).map(([name, shape]) => [name, placeholder('float32', shape, { name })]);
      return Object.values(apply(ops[op], Object.fromEntries(tensors), attrs))[0];
    });
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, shape], k) => [
        name,
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 2 * hash(i, 7100 + k) - 1),
      ]),
    );
    const values = {};
    for (const device of ['reference', 'cpu']) {
      const session = await Session.create(graph, { device, threads: 1 + (number % 2) });
      try {
        values[device] = (await session.run(feeds, { result })).result.data;
        if (device === 'cpu')
          values.steps = (await session.report({ result })).steps?.map((step) => step.implementation);
      } finally {
        await session.dispose();
      }
    }
    say({ done: number, wrong: difference(values.cpu, values.reference), steps: values.steps });
  }
}

/** How far two results are apart, as a part of the largest expected value, where that is too far; else null. */
function difference(actual, expected) {
  const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  let off = 0;
  for (const [i, v] of expected.entries())
    off = Math.max(off, Number.isNaN(actual[i]) ? Infinity : Math.abs(actual[i] - v));
  return off > tolerance * largest ? `off by ${off} where the largest value is ${largest}` : null;
}

/** Runs shapes in a child until it ends or exceeds the time limit; reports each that is done to `onDone`. */
function runChild(isa, first, end, seconds, onDone) {
  return new Promise((resolve) => {
    const running = spawn(process.execPath, [import.meta.filename, 'child', String(first), String(end)], {
      env: { ...process.env, ONEDNN_MAX_CPU_ISA: isa },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let at = null;
    let hung = false;
    let stderr = '';
    let timer;
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        hung = true;
        running.kill('SIGKILL');
      }, seconds * 1000);
    };
    watch();
    running.stderr.on('data', (data) => {
      stderr = `${stderr}${data}`.slice(-400);
    });
    createInterface({ input: running.stdout }).on('line', (line) => {
      const said = JSON.parse(line);
      watch();
      if (said.begun !== undefined) at = said.begun;
      else {
        at = null;
        onDone(said);
      }
    });
    running.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({
        at,
        why: hung ? `no result within ${seconds} s` : signal ? `ended by ${signal}` : status ? stderr : null,
      });
    });
  });
}

/** All shapes on one instruction set: those that failed, and how many ran. */
async function fuzz(isa, first, end, seconds) {
  const failures = [];
  let next = first;
  while (next < end) {
    const { at, why } = await runChild(isa, next, end, seconds, ({ done, wrong, steps }) => {
      next = done + 1;
      if (wrong !== null) failures.push({ number: done, why: `${wrong} (${steps?.join(' + ')})` });
    });
    if (why === null && next >= end) break;
    failures.push({ number: at ?? next, why: why ?? 'the child ended early' });
    next = (at ?? next) + 1;
  }
  return failures;
}

/** The instruction set that oneDNN comes to under a limit. */
async function effective(isa) {
  const code = `import('${new URL('../build/lib/index.js', import.meta.url)}').then(({ devices }) => console.log(JSON.stringify(devices().map((d) => d.features ?? []))))`;
  const running = spawn(process.execPath, ['-e', code], { env: { ...process.env, ONEDNN_MAX_CPU_ISA: isa } });
  let text = '';
  for await (const data of running.stdout) text += data;
  const feature = /onednn_isa ([^"]+)"/.exec(text);
  return feature?.[1] ?? null;
}

await main(async () => {
  if (process.argv[2] === 'child') {
    await child(Number(process.argv[3]), Number(process.argv[4]));
    return 0;
  }
  const { values } = commandLine(import.meta.url, {
    options: {
      shapes: { type: 'string', default: '400' },
      first: { type: 'string', default: '0' },
      isa: { type: 'string', default: instructionSets.join(',') },
      seconds: { type: 'string', default: '120' },
    },
  });
  const first = Number(values.first);
  const end = first + Number(values.shapes);
  const seen = new Set();
  let failed = 0;
  for (const isa of values.isa.split(',')) {
    const name = await effective(isa);
    if (name === null || seen.has(name)) continue;
    seen.add(name);
    const failures = await fuzz(isa, first, end, Number(values.seconds));
    failed += failures.length;
    for (const { number, why } of failures)
      process.stdout.write(`${name}: shape ${number}: ${JSON.stringify(shapeOf(number))}: ${why}\n`);
    process.stdout.write(`${name}: ${end - first} shapes, ${failures.length} failed\n`);
  }
  if (seen.size === 0) process.stdout.write('no instruction set could be used: is the addon built?\n');
  return failed > 0 || seen.size === 0 ? 1 : 0;
});
