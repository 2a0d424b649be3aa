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

/** Images a second with several runs of a batch at once, each of which is followed by the next. */
async function inFlight(runs, seconds, batch, run) {
  const until = async (end) => {
    let done = 0;
    const start = performance.now();
    await Promise.all(
      Array.from({ length: runs }, async () => {
        do {
          await run();
          done++;
        } while (performance.now() < end);
      }),
    );
    return (done * batch * 1000) / (performance.now() - start);
  };
  await until(performance.now() + seconds * 1000);
  return { imagesPerSecond: await until(performance.now() + seconds * 1000) };
}

/** Milliseconds of each run of a batch; images a second where the subject is made for several runs at once. */
export async function times(subject, task, pixels) {
  const run = await subject.load(task);
  const input = pixels(task.batch);
  if (task.spareRuns !== undefined)
    return inFlight(task.threads + task.spareRuns, task.seconds, task.batch, () => run(input, task.batch));
  return { times: await timed(task.seconds, () => run(input, task.batch)) };
}
