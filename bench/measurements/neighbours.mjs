import { mainCases } from './cases.mjs';

const parts = {
  delay: 'event-loop delay',
  readFile: '`fs.promises.readFile` of a small file',
  lookup: '`dns.lookup` of localhost',
};
const shares = { p50: 50, p99: 99, max: 100 };

export const neighbours = {
  name: 'neighbours',
  title: 'Event loop and neighbours',
  about:
    'What other work in the same process feels while batch 32 runs without a pause, and in an idle process. Every 5 ms a timer is due, a file is to be read and a name to be looked up; the time counts from when the call was due to its end, so that a busy event loop counts for all the calls that it delays.',
  metrics: Object.entries(parts).flatMap(([part, title]) =>
    Object.keys(shares).map((share) => ({
      key: `${part}-${share}`,
      title: `${title}, ${share}, ms`,
      unit: 'ms',
      digits: 1,
    })),
  ),
  metricsAsRows: true,
  cases: (options) => mainCases(options, { batch: 32 }),
  rounds: ({ rounds }) => Math.min(3, rounds),
  protocol: ({ seconds }) => ({ seconds: 2 * seconds }),
  async measure(drive, { seconds }) {
    const result = await drive({ kind: 'neighbours', seconds: 2 * seconds });
    if (result.delay === undefined) return result;
    const values = {};
    const series = {};
    for (const part of Object.keys(parts)) {
      series[part] = result[part];
      for (const [name, share] of Object.entries(shares))
        values[`${part}-${name}`] = result[part].find(([p]) => p === share)[1];
    }
    return { values, series };
  },
  plots: Object.entries({ delay: 'Event-loop delay', readFile: 'fs.promises.readFile', lookup: 'dns.lookup' }).map(
    ([series, title]) => ({ kind: 'lines', series, title, x: 'percentile', y: 'ms', log: true, ordinal: true }),
  ),
};
