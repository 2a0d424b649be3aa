import { picturePaths } from '../pictures.mjs';
import { acrossPrecisions, mainCase } from './cases.mjs';

const shares = [0.5, 0.7, 0.85, 0.95];
/** What callers of a server wait at most, in milliseconds: the rate at which 99 of 100 wait no longer is what is compared. */
const limitMs = 500;

/** Answers a second up to which the 99th percentile stays within the limit; between two points in a straight line. */
export function rateWithin(points, limit) {
  let before = null;
  for (const { perSecond, p99 } of points) {
    if (p99 > limit) {
      if (before === null) return (perSecond * limit) / p99;
      return before.perSecond + ((perSecond - before.perSecond) * (limit - before.p99)) / (p99 - before.p99);
    }
    before = { perSecond, p99 };
  }
  return before?.perSecond ?? 0;
}

export const serve = {
  name: 'serve',
  title: 'Servers',
  about: `Servers that answer with the five most probable classes, under load from another process on the same cores, over keep-alive connections: of JPEG files of 500 x 375 pixels, and of float32 pixels (588 KiB a request; slimnet's by the binary tensor extension). slimnet is \`slimnet/server\` with its defaults. onnxruntime-node stands behind fastify and sharp, one image a run, or behind a batcher of the same rules, whose batches are what came while the one before ran (bench/drivers/fastify_server.mjs). "64 callers" wait for each answer. For the latencies requests come at random (Poisson) at 50, 70, 85 and 95 % of that, whatever becomes of earlier ones, and time counts from when a request was due. "within ${limitMs} ms" is the rate up to which 99 of 100 are answered in that time. "of the engine" is the share of what the model does in the same process with nothing to send or receive; the load's own share of the cores is part of what is missing.`,
  pictures: true,
  metrics: [
    { key: 'within', title: `images/s within ${limitMs} ms`, unit: 'images/s', digits: 1, better: 'more' },
    { key: 'perSecond', title: 'images/s, 64 callers', unit: 'images/s', digits: 1 },
    { key: 'engine', title: 'of the engine, %', unit: '%', digits: 1, scale: 100 },
    { key: 'cores', title: 'cores of the load', unit: 'cores', digits: 2 },
    { key: 'half', title: 'p99 at half of it, ms', unit: 'ms', digits: 0 },
    { key: 'delay', title: 'event-loop delay p99, ms', unit: 'ms', digits: 1 },
  ],
  across: acrossPrecisions,
  cases: (options) =>
    options.precisions
      .filter((precision) => precision !== 'int8')
      .flatMap((precision) => ['jpeg', 'tensor'].map((way) => ({ ...mainCase(options), precision, way }))),
  rounds: ({ rounds }) => Math.min(3, rounds),
  protocol: ({ seconds, pictures }) => ({ seconds, pictures }),
  async measure(drive, { seconds, pictures, folder }) {
    const paths = await picturePaths(folder, pictures);
    const result = await drive({ kind: 'serve', pictures: paths, seconds, shares });
    const { points, perSecond, engine, cores, delay, failed } = result;
    if (points === undefined) return result;
    const broken = [failed, ...points.map((point) => point.failed)].flatMap(Object.keys);
    if (broken.length > 0) return { failed: `requests ended with ${[...new Set(broken)].join(', ')}` };
    // In so short a time nothing can be said of 99 of 100.
    if (points.some(({ p99 }) => p99 === null)) return { failed: 'no answers in the time of a point: more --seconds' };
    return {
      values: {
        ...{ within: rateWithin(points, limitMs), perSecond, cores, half: points[0].p99, delay },
        ...(engine === undefined ? {} : { engine: perSecond / engine }),
      },
      series: { latency: points.map((point) => [point.perSecond, point.p99]) },
    };
  },
  plots: [
    { kind: 'bars', metric: 'within', per: 'network' },
    { kind: 'lines', series: 'latency', title: 'p99', x: 'images/s', y: 'ms', log: true },
  ],
};
