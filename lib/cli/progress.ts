import type { CliIo } from './io.js';

/** Counts finished items. */
export interface Progress {
  advance(): void;
  /** Writes something else to the terminal; the bar is drawn anew below it. */
  interrupt(write: () => void): void;
  stop(): void;
}

const barWidth = 30;
/** Milliseconds between two drawings. */
const redraw = 100;
/** Goes to the beginning of the line and empties it. */
const clearLine = '\r\u001b[K';

/** A progress bar on a terminal, nothing in a pipe. It is drawn on the error stream, so that results stay clean. */
export function startProgress(io: CliIo, total: number): Progress {
  if (io.err.isTTY !== true || total < 2) return { advance: () => {}, interrupt: (write) => write(), stop: () => {} };
  const begun = performance.now();
  let done = 0;
  let drawn = Number.NEGATIVE_INFINITY;
  const draw = () => {
    drawn = performance.now();
    io.err.write(`${clearLine}${barText(done, total, drawn - begun)}`);
  };
  draw();
  return {
    advance() {
      done++;
      if (performance.now() - drawn >= redraw) draw();
    },
    interrupt(write) {
      io.err.write(clearLine);
      write();
      draw();
    },
    stop: () => void io.err.write(clearLine),
  };
}

/** E.g. `[##########--------------------] 10/30 images, 4 s left`. */
export function barText(done: number, total: number, milliseconds: number): string {
  const filled = Math.floor((barWidth * done) / total);
  const left = done === 0 ? '' : `, ${duration((milliseconds / done) * (total - done))} left`;
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] ${done}/${total} images${left}`;
}

/** Time in words. */
export function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
