/** Times of steps as a trace that Chrome (chrome://tracing) and Perfetto show. */
import type { StepTime } from '../model/index.js';

/** A trace of one run: its steps one after the other, in microseconds. */
export function chromeTrace(name: string, images: number, steps: readonly StepTime[]): object {
  let at = 0;
  const events = steps.map(({ op, node, implementation, milliseconds }) => {
    const event = {
      ...{ name: node, cat: op, ph: 'X', pid: 1, tid: 1, ts: at, dur: 1000 * milliseconds },
      args: { op, implementation },
    };
    at += event.dur;
    return event;
  });
  const title = { name: 'process_name', ph: 'M', pid: 1, tid: 1, args: { name: `${name}, ${images} images` } };
  return { displayTimeUnit: 'ms', traceEvents: [title, ...events] };
}
