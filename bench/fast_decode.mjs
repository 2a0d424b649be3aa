// What `decode: { mode: 'fast' }` saves, and what it does to the logits: docs/images.md has the table that this prints.
//
//   node bench/fast_decode.mjs [PICTURES OF EACH SIZE]
//
// Pictures are drawn (pictures.mjs). The network is resnet_v1_50 with drawn weights and the batch statistics of these pictures: its
// classes mean nothing, but its logits react to a change of the input as those of a trained one do.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel } from '../dist/index.js';
import { draw } from './pictures.mjs';
import { writeUntrained } from './untrained.mjs';

const each = Number(process.argv[2] ?? 4);
const sizes = [
  [500, 375],
  [1600, 1200],
  [4000, 3000],
];
const name = 'resnet_v1_50';

/** CPU time, of all threads: does not depend on what else the machine does. */
const milliseconds = async (work) => {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
};
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Cosine of the angle between two vectors after their means are taken off. */
function likeness(a, b) {
  const centred = (v) => {
    const mean = v.reduce((s, x) => s + x, 0) / v.length;
    return Array.from(v, (x) => x - mean);
  };
  const [x, y] = [centred(a), centred(b)];
  const dot = (p, q) => p.reduce((s, v, i) => s + v * q[i], 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

const folder = mkdtempSync(join(tmpdir(), 'slimnet-fast-decode-'));
try {
  const pictures = [];
  for (const [width, height] of sizes) {
    const paths = [];
    for (let i = 0; i < each; i++) {
      const path = join(folder, `${width}-${i}.jpg`);
      await (await draw(width, height, 1000 * width + i)).toFile(path);
      paths.push(path);
    }
    pictures.push({ width, height, paths });
  }
  const checkpoint = join(folder, `${name}.ckpt`);
  await writeUntrained(
    name,
    1,
    pictures.flatMap(({ paths }) => paths),
    checkpoint,
  );
  const exact = await loadModel(name, { checkpoint, precision: 'float32' });
  const fast = await loadModel(name, { checkpoint, precision: 'float32', decode: { mode: 'fast' } });
  console.log(
    '| picture | exact, ms of CPU | fast, ms of CPU | largest change of a logit | cosine of the logits | same first class | same top 5 |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const { width, height, paths } of pictures) {
    const times = { exact: [], fast: [] };
    const [changes, cosines] = [[], []];
    let [first, five] = [0, 0];
    for (const path of paths) {
      for (let i = 0; i < 4; i++) {
        times.exact.push(await milliseconds(() => exact.preprocess([path])));
        times.fast.push(await milliseconds(() => fast.preprocess([path])));
      }
      const [a, b] = [await exact.logits(path), await fast.logits(path)];
      const range = Math.max(...a) - Math.min(...a);
      changes.push(Math.max(...a.map((v, i) => Math.abs(v - b[i]))) / range);
      cosines.push(likeness(a, b));
      const top = (v) =>
        Array.from(v.keys())
          .sort((p, q) => v[q] - v[p])
          .slice(0, 5);
      const [p, q] = [top(a), top(b)];
      first += p[0] === q[0] ? 1 : 0;
      five += p.filter((k) => q.includes(k)).length;
    }
    const percent = (v) => `${(100 * v).toFixed(1)} %`;
    console.log(
      `| ${width} x ${height} | ${median(times.exact).toFixed(1)} | ${median(times.fast).toFixed(1)} | ${percent(Math.max(...changes))} of their range |` +
        ` ${Math.min(...cosines).toFixed(4)} | ${first} of ${paths.length} | ${five} of ${5 * paths.length} |`,
    );
  }
  await exact[Symbol.asyncDispose]();
  await fast[Symbol.asyncDispose]();
} finally {
  rmSync(folder, { recursive: true });
}
