// From the bytes of JPEG files to labels.
import { pictures } from './pictures.mjs';

/** Ways to hand over many pictures. */
const ways = {
  together: (subject, jpegs) => subject.together(jpegs),
  single: (subject, jpegs) => Promise.all(jpegs.map((jpeg) => subject.single(jpeg))),
};

/** Pictures a second, over whole passes through all pictures. */
export async function labels(subject, task) {
  const loaded = await subject.loadLabels(task);
  const jpegs = pictures(task);
  const pass = () => ways[task.way](loaded, jpegs);
  await pass();
  let count = 0;
  const start = performance.now();
  while (count === 0 || performance.now() < start + task.seconds * 1000) {
    const result = await pass();
    if (result.length !== jpegs.length) throw new Error(`${result.length} results for ${jpegs.length} pictures`);
    count += jpegs.length;
  }
  return { imagesPerSecond: (count * 1000) / (performance.now() - start) };
}
