/**
 * Saves checkpoints of one path for ever: `node saving.mjs FORMAT PATH FIRST`. All values of number n are n; its number is printed when
 * it has been saved.
 */
import { checkpoint } from '../../dist/index.js';

const [format, path, first] = process.argv.slice(2);
for (let n = Number(first); ; n++) {
  const entries = ['a', 'b', 'c', 'd'].map((name, i) => ({
    name,
    dtype: 'float32',
    shape: [1 << (10 + 3 * i)],
    data: new Float32Array(1 << (10 + 3 * i)).fill(n),
  }));
  await checkpoint.writeCheckpoint(path, entries, { format });
  process.stdout.write(`${n}\n`);
}
