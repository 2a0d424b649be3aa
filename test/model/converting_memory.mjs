// A process of its own: how much resident memory grows, at its peak, while a checkpoint of 96 tensors of 2 MiB is converted.
// Arguments: folder, format of the source, format of the destination.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpoint } from '../../dist/index.js';

const [folder, from, to] = process.argv.slice(2);
const data = new Float32Array(2 ** 19).fill(1.5);
const entries = Array.from({ length: 96 }, (_, i) => ({ name: `t${i}`, dtype: 'float32', shape: [data.length], data }));
const source = join(folder, 'source');
await checkpoint.writeCheckpoint(source, entries, { format: from });
// Compiled code and buffers of the system are there before the measurement, as in a program at work.
await checkpoint.convertCheckpoint(source, join(folder, 'first'), { format: to, include: ['t1'] });
globalThis.gc();

/** A line of /proc/self/status in bytes: VmRSS is resident now, VmHWM was at its peak. */
const status = (key) =>
  Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
const before = status('VmRSS');
// Resets the peak to what is resident now.
writeFileSync('/proc/self/clear_refs', '5');
await checkpoint.convertCheckpoint(source, join(folder, 'second'), { format: to });
console.log(JSON.stringify({ tensorBytes: data.byteLength, peakBytes: status('VmHWM') - before }));
