import { type CliIo, say } from './io.js';

/** Counts finished images. */
export interface Progress {
  /** How many there are in all; null: that is not known. */
  readonly setTotal: (total: number | null) => void;
  advance(count: number): void;
  /** Writes something else to the terminal; the bar is drawn anew below it. */
  interrupt(write: () => void): void;
  stop(): void;
}

export interface ProgressOptions {
  /** Images that were done before. */
  readonly done?: number;
  /** Where there is no terminal, a line is written now and then. */
  readonly report?: boolean;
}

const barWidth = 30;
/** Milliseconds between two drawings. */
const redraw = 100;
/** Milliseconds between two lines in a log. */
const reportEvery = 30_000;
/** Goes to the beginning of the line and empties it. */
const clearLine = '\r\u001b[K';

/** A progress bar on a terminal, in a log a line now and then. It goes to the error stream, so that results stay clean. */
export function startProgress(io: CliIo, { done: before = 0, report = false }: ProgressOptions = {}): Progress {
  const begun = performance.now();
  let done = 0;
  let total: number | null = null;
  const state = (now: number) => ({ before, done, total, milliseconds: now - begun });
  if (io.err.isTTY !== true) {
    let told = begun;
    return {
      setTotal(count) {
        total = count;
      },
      advance(count) {
        done += count;
        const now = performance.now();
        if (!report || now - told < reportEvery) return;
        told = now;
        say(io, `slimnet: ${progressText(state(now))}`);
      },
      interrupt: (write) => write(),
      stop: () => {},
    };
  }
  // A bar for one image would be gone before anybody has seen it.
  let [drawn, visible] = [begun, false];
  const draw = () => {
    drawn = performance.now();
    visible = true;
    io.err.write(`${clearLine}${barText(state(drawn))}`);
  };
  const redrawn = () => {
    if (total !== 1) draw();
  };
  return {
    setTotal(count) {
      total = count;
      redrawn();
    },
    advance(count) {
      done += count;
      if (performance.now() - drawn >= redraw) redrawn();
    },
    interrupt(write) {
      if (visible) io.err.write(clearLine);
      write();
      if (visible) draw();
    },
    stop: () => {
      if (visible) io.err.write(clearLine);
    },
  };
}

export interface ProgressState {
  /** Images that were done when the time began. */
  readonly before: number;
  /** Images since. */
  readonly done: number;
  /** All, also those of before; null: that is not known. */
  readonly total: number | null;
  readonly milliseconds: number;
}

/** E.g. `[##########--------------------] 10/30 images, 5.0/s, 4 s left`. */
export function barText(state: ProgressState): string {
  const { before, done, total } = state;
  if (total === null) return progressText(state);
  const filled = Math.floor((barWidth * (before + done)) / Math.max(total, 1));
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] ${progressText(state)}`;
}

/** E.g. `10/30 images, 5.0/s, 4 s left`. */
function progressText({ before, done, total, milliseconds }: ProgressState): string {
  const count = `${before + done}${total === null ? '' : `/${total}`} images`;
  if (done === 0) return count;
  const rate = (done / Math.max(milliseconds, 1)) * 1000;
  const left = total === null ? '' : `, ${duration((milliseconds / done) * (total - before - done))} left`;
  return `${count}, ${rate.toFixed(rate < 100 ? 1 : 0)}/s${left}`;
}

/** Time in words. */
export function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
