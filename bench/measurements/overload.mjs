import { picturePaths } from '../pictures.mjs';
import { mainCases } from './cases.mjs';

export const overload = {
  name: 'overload',
  title: 'A server under three times its load',
  about:
    'JPEG files come at random, three times as many as `slimnet/server` answers, from another process on the same cores, with a limit of 2 s for each request. "Answers, of the capacity" counts answers; a refusal (503) is decided from the headers, and its time is that from when the request was due to the refusal at its client. Memory is the growth of the median of resident memory from the second quarter of the time to the second half. "Afterwards" is the latency at a fifth of the capacity, from one second after the overload on, beside that from before.',
  pictures: true,
  metrics: [
    { key: 'capacity', title: 'capacity, images/s', unit: 'images/s', digits: 1 },
    { key: 'share', title: 'answers, of the capacity, %', unit: '%', digits: 1, scale: 100 },
    { key: 'refusals', title: 'refused, %', unit: '%', digits: 0, scale: 100 },
    { key: 'refusalP99', title: 'p99 of refusals, ms', unit: 'ms', digits: 1 },
    { key: 'p99', title: 'p99 of answers, ms', unit: 'ms', digits: 0 },
    { key: 'delay', title: 'event-loop delay p99, ms', unit: 'ms', digits: 1 },
    { key: 'growth', title: 'memory, MiB more', unit: 'MiB', digits: 1, scale: 2 ** -20 },
    { key: 'calmP99', title: 'p99 before, ms', unit: 'ms', digits: 0 },
    { key: 'laterP99', title: 'p99 afterwards, ms', unit: 'ms', digits: 0 },
  ],
  metricsAsRows: true,
  cases: (options) => mainCases(options),
  rounds: () => 1,
  protocol: ({ overloadSeconds, pictures }) => ({ seconds: overloadSeconds, pictures }),
  async measure(drive, { overloadSeconds, pictures, folder }) {
    const paths = await picturePaths(folder, pictures);
    const found = await drive({ kind: 'overload', way: 'jpeg', pictures: paths, seconds: overloadSeconds });
    if (found.sent === undefined) return found;
    if (Object.values(found).includes(null))
      return { failed: 'no answers, or no refusals, in the time: more --overload-seconds' };
    // What was given up for its time limit is an answer of its own kind (504); all else is a failure.
    const broken = Object.keys(found.failed).filter((what) => what !== '504');
    if (broken.length > 0) return { failed: `requests ended with ${broken.join(', ')}` };
    const {
      sent,
      refused,
      failed: _failed,
      answered: _answered,
      laterRefused: _later,
      cores: _cores,
      ...values
    } = found;
    return { values: { ...values, refusals: refused / sent } };
  },
  plots: [],
};
