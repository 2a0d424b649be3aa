/**
 * What the scripts say. Messages go to stderr, so that a script's stdout stays free for its result.
 */

/** Prints one line about what is being done. */
export function say(message) {
  process.stderr.write(`slimnet: ${message}\n`);
}

/** An expected failure: printed as a message, without a stack. */
export class SetupError extends Error {
  constructor(message) {
    super(message);
    this.name = 'SetupError';
  }
}

/** Runs a script's main function and turns its failure into a message and an exit status. */
export async function main(body) {
  try {
    const status = await body();
    process.exitCode = typeof status === 'number' ? status : 0;
  } catch (error) {
    const text = error instanceof SetupError ? error.message : (error?.stack ?? String(error));
    process.stderr.write(`slimnet: ${text}\n`);
    process.exitCode = 1;
  }
}

/** Seconds as a person reads them: `8 s`, `3 min 05 s`. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/**
 * A percentage that is redrawn in place on a terminal, and printed as a line at most every `everySeconds` elsewhere.
 * `update(fraction)` takes 0 to 1.
 */
export function progress(label, { stream = process.stderr, everySeconds = 10, now = () => Date.now() } = {}) {
  const start = now();
  let printed = start;
  let last = -1;
  return {
    update(fraction) {
      const percent = Math.floor(fraction * 100);
      if (percent <= last) return;
      last = percent;
      const text = `slimnet: ${label}: ${percent} % (${duration((now() - start) / 1000)})`;
      if (stream.isTTY) {
        stream.write(`\r${text}\u001b[K`);
      } else if (now() - printed >= everySeconds * 1000) {
        printed = now();
        stream.write(`${text}\n`);
      }
    },
    done() {
      const text = `slimnet: ${label}: done in ${duration((now() - start) / 1000)}`;
      stream.write(stream.isTTY ? `\r${text}\u001b[K\n` : `${text}\n`);
    },
  };
}
