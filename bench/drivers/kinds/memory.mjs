import { readFileSync } from 'node:fs';
import { timed } from './times.mjs';

/** Bytes of a field of /proc/self/status: VmHWM is the peak, VmRSS what is resident now. */
export function memoryOf(field) {
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
}

/** Peak resident memory of this process in bytes. */
export async function memory(subject, task, pixels) {
  const run = await subject.load(task);
  const input = pixels(task.batch);
  await timed(1, () => run(input, task.batch));
  return { peak: memoryOf('VmHWM') };
}
