import { type FetchedWeights, type FetchWeightsOptions, fetchWeights } from '../published/index.js';
import type { NetworkName } from '../slim/nets/registry.js';
import { type CliIo, printable, say } from './io.js';

/** Milliseconds between two drawings. */
const redraw = 100;
const clearLine = '\r\u001b[K';

/** How a fetch shows on a terminal how far it is. `clear` takes the last drawing away. */
export function fetchDisplay(io: CliIo): { readonly options: FetchWeightsOptions; clear(): void } {
  let drawn = Number.NEGATIVE_INFINITY;
  const isTerminal = io.err.isTTY === true;
  const clear = () => void (isTerminal && io.err.write(clearLine));
  return {
    clear,
    options: {
      signal: io.signal,
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
    },
  };
}

/** Fetches published weights, and shows on a terminal how far it is. */
export async function fetchShowing(
  name: NetworkName,
  options: FetchWeightsOptions,
  io: CliIo,
): Promise<FetchedWeights> {
  const display = fetchDisplay(io);
  try {
    return await fetchWeights(name, { ...display.options, ...options });
  } finally {
    display.clear();
  }
}

/** Bytes as a person reads them. */
export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
