// Times of runs, one after another.

/** Runs `run` for `seconds` after a warm-up and gives milliseconds of each call. A slow subject warms up once. */
export async function timed(seconds, run) {
  const warm = performance.now() + seconds * 1000;
  for (let i = 0; i < 3 && (i === 0 || performance.now() < warm); i++) await run();
  const times = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 3) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times;
}

/** Milliseconds of each run of a batch. */
export async function times(subject, task, pixels) {
  const run = await subject.load(task);
  const input = pixels(task.batch);
  return { times: await timed(task.seconds, () => run(input, task.batch)) };
}
