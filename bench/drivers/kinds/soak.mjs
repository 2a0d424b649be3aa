// Memory over many pictures.
import { memoryOf } from './memory.mjs';
import { pictures } from './pictures.mjs';

/** Resident bytes after every `task.every` pictures until `task.images`: `[[pictures, bytes], ...]`. */
export async function soak(subject, task) {
  const loaded = await subject.loadLabels(task);
  const jpegs = pictures(task);
  const series = [[0, memoryOf('VmRSS')]];
  let done = 0;
  let next = task.every;
  while (done < task.images) {
    await loaded.together(jpegs);
    done += jpegs.length;
    if (done < next && done < task.images) continue;
    series.push([done, memoryOf('VmRSS')]);
    while (next <= done) next += task.every;
  }
  return { series };
}
