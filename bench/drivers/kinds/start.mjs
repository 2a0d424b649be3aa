/** Milliseconds from `task.begun` (when the process was started) to the first logits. */
export async function start(subject, task, pixels) {
  const run = await subject.load(task);
  await run(pixels(task.batch), task.batch);
  return { firstLogits: performance.timeOrigin + performance.now() - task.begun };
}
