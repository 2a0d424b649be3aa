// What all JavaScript drivers share: the task from the command line, the input, and the answer. bench/python/driver.py is its twin.
import { kinds } from './kinds/index.mjs';

/** Thrown by a subject that cannot do a task; its message is the reason. */
export class Unavailable extends Error {}

/** @returns the task that bench/drive.mjs handed over */
export function task() {
  return JSON.parse(process.argv[2]);
}

/** Pixels of a batch: the same bytes for every subject. `order` is the memory order that the subject takes. */
export function pixels(batch, order, size = 224) {
  const channels = 3;
  const data = new Float32Array(batch * size * size * channels);
  for (let i = 0; i < data.length; i++) {
    const value = ((Math.imul(i, 2654435761) >>> 8) % 256) - 120;
    if (order === 'nhwc') data[i] = value;
    else {
      const c = i % channels;
      const p = Math.floor(i / channels) % (size * size);
      const n = Math.floor(i / (channels * size * size));
      data[(n * channels + c) * size * size + p] = value;
    }
  }
  return data;
}

/** Prints the one line that a driver answers with, and ends the process. */
export function reply(result) {
  // A pipe takes the line in pieces; the process ends after the last.
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

/**
 * Answers one task with a subject:
 * - `version`: text, or a function that gives it
 * - `order`: nhwc or nchw
 * - `load(task)`: gives `run(pixels, batch)`, which gives the logits
 * - `loadTraining(task)`: gives `step(pixels, labels)`, which trains once and gives the loss from before, where the subject trains
 * - `serve(task, pixels)`: starts a server, gives `{ url, path, headers, bodies, stop, engine? }`: what load needs to know, and `engine(seconds)`, the
 *   images a second without a server, where the subject takes part in measurements of servers
 * - `loadLabels(task)`: gives `{ together(jpegs), single(jpeg) }`, where the subject takes part in measurements of pictures
 */
export async function answer(subject) {
  const t = task();
  try {
    const kind = kinds[t.kind];
    if (kind === undefined) throw new Unavailable(`not measured here: ${t.kind}`);
    const result = await kind(subject, t, (batch, side) => pixels(batch, subject.order, side));
    const { version } = subject;
    reply({ ...result, version: typeof version === 'function' ? version() : version });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    reply({ unavailable: error.message });
  }
}
