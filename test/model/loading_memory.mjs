// A process of its own: how much resident memory grows, at its peak and in the end, while a session with the variables of
// resnet_v1_50 is made and restored. Arguments: format of the checkpoint, folder for it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Graph, nets, placeholder, Session, slim } from '../../dist/index.js';

const [format, folder, write] = process.argv.slice(2);
const path = join(folder, format === 'safetensors' ? 'model.safetensors' : 'model.ckpt');

function network() {
  const graph = new Graph({ seed: 1 });
  graph.build(() => {
    const images = placeholder('float32', [null, 224, 224, 3], { name: 'images' });
    slim.argScope(nets.resnetArgScope(), () => nets.resnetV1_50(images, { numClasses: 1000, isTraining: false }));
  });
  return graph;
}

/** A line of /proc/self/status in bytes: VmRSS is resident now, VmHWM was at its peak. */
const status = (key) =>
  Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;

if (write === 'write') {
  const session = await Session.create(network());
  await session.initialize();
  await session.save(path, { format });
  await session[Symbol.asyncDispose]();
} else {
  // Drawing and writing leaves garbage behind: that is another process.
  execFileSync(process.execPath, [fileURLToPath(import.meta.url), format, folder, 'write']);
  const data = `${path}.data-00000-of-00001`;
  const fileBytes = statSync(existsSync(data) ? data : path).size;
  const graph = network();
  // Threads, addon and compiled code of the reader are there before the measurement, as in a program at work.
  const warm = await Session.create(new Graph());
  await warm[Symbol.asyncDispose]();
  globalThis.gc();
  const before = status('VmRSS');
  // Resets the peak to what is resident now.
  writeFileSync('/proc/self/clear_refs', '5');
  const session = await Session.create(graph);
  await session.restore(path);
  console.log(
    JSON.stringify({ fileBytes, peakBytes: status('VmHWM') - before, residentBytes: status('VmRSS') - before }),
  );
  await session[Symbol.asyncDispose]();
}
