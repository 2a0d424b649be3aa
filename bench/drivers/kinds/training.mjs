import { labelsOf } from '../../training_step.mjs';
import { memoryOf } from './memory.mjs';
import { timed } from './times.mjs';

/** Milliseconds of each training step, the loss of the first one, and peak resident memory of this process in bytes. */
export async function training(subject, task, pixels) {
  const step = await subject.loadTraining(task);
  const [images, labels] = [pixels(task.batch, task.size), labelsOf(task.batch)];
  const firstLoss = await step(images, labels);
  const times = await timed(task.seconds, () => step(images, labels));
  return { firstLoss, times, peak: memoryOf('VmHWM') };
}
