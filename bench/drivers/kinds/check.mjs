/** The logits of a batch. */
export async function check(subject, task, pixels) {
  const run = await subject.load(task);
  return { logits: Array.from(await run(pixels(task.batch), task.batch)) };
}
