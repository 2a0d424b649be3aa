import { type FetchedWeights, type FetchWeightsOptions, fetchWeights } from '../published/index.js';
import type { NetworkName } from '../slim/nets/registry.js';
import { type CliIo, printable, say } from './io.js';

/** Milliseconds between two drawings. */
const redraw = 100;
const clearLine = '\r\u001b[K';

/** Fetches published weights, and shows on a terminal how far it is. */
export async function fetchShowing(
  name: NetworkName,
  options: FetchWeightsOptions,
  io: CliIo,
): Promise<FetchedWeights> {
  let drawn = Number.NEGATIVE_INFINITY;
  const isTerminal = io.err.isTTY === true;
  const clear = () => void (isTerminal && io.err.write(clearLine));
  try {
    return await fetchWeights(name, {
      signal: io.signal,
      ...options,
      onMessage: (text) => {
        clear();
        say(io, printable(`slimnet: ${text}`));
      },
      onProgress: ({ received, total }) => {
        if (!isTerminal || performance.now() - drawn < redraw) return;
        drawn = performance.now();
        const of = total === undefined ? '' : ` of ${megabytes(total)} (${Math.floor((100 * received) / total)} %)`;
        io.err.write(`${clearLine}${megabytes(received)}${of}`);
      },
    });
  } finally {
    clear();
  }
}

/** Bytes as a person reads them. */
export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
