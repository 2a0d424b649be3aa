// Correctness first: a subject whose logits differ is not measured.
import { differenceOf } from './statistics.mjs';
import { baseline, subjects } from './subjects.mjs';

/** How far logits may be from slimnet's in float32, as a share of their range. */
export const limits = { float32: 1e-4, bfloat16: 0.1, int8: 0.25 };

/**
 * How far the means of squares of a preprocessed picture may be from slimnet's, as a share of their range: interpolations differ, and a crop
 * may begin a pixel further on.
 */
export const inputLimit = 0.06;

/**
 * @param drive starts a driver
 * @returns an asynchronous function (subject, network, precision) -> `{ difference }`, `{ unavailable }` or `{ failed }`, once for
 * each of them
 */
export function makeCheck(drive, print) {
  const known = new Map();
  const logitsOf = (subject, network, precision) => drive(subject, { kind: 'check', network, precision, batch: 2 });
  const once = async (key, make) => {
    if (!known.has(key)) known.set(key, await make());
    return known.get(key);
  };
  const expected = (network) =>
    once(`expected ${network}`, () =>
      logitsOf(
        subjects.find(({ name }) => name === baseline),
        network,
        'float32',
      ),
    );
  return (subject, network, precision) =>
    once(`${subject.name} ${network} ${precision}`, async () => {
      if (subject.unchecked) return {};
      const reference = await expected(network);
      if (reference.logits === undefined)
        return { failed: `slimnet has no logits to compare with: ${reference.failed}` };
      const same = subject.name === baseline && precision === 'float32';
      const result = same ? reference : await logitsOf(subject, network, precision);
      const { logits, version } = result;
      if (logits === undefined) {
        print(`${subject.title}, ${network}, ${precision}: not available: ${result.unavailable ?? result.failed}`);
        return result;
      }
      const difference = differenceOf(reference.logits, logits);
      if (difference <= limits[precision]) return { difference, version };
      const failed = `logits differ by ${difference.toExponential(1)} of their range from slimnet's in float32, the limit is ${limits[precision]}`;
      print(`${subject.title}, ${network}, ${precision}: ${failed}`);
      return { failed };
    });
}

/**
 * Whether a subject gives the network the same picture as slimnet: the same size, the same part of it, the same units.
 * @param pictures paths of JPEG files
 * @returns an asynchronous function (subject, network) -> `{}`, `{ unavailable }` or `{ failed }`, once for each of them
 */
export function makeInputCheck(drive, print, pictures) {
  const known = new Map();
  const inputOf = async (subject, network) => {
    const key = `${subject.name} ${network}`;
    if (!known.has(key))
      known.set(
        key,
        await drive(subject, { kind: 'input', network, precision: 'float32', pictures: await pictures() }),
      );
    return known.get(key);
  };
  return async (subject, network) => {
    const expected = await inputOf(
      subjects.find(({ name }) => name === baseline),
      network,
    );
    if (expected.means === undefined)
      return { failed: `slimnet has no picture to compare with: ${expected.failed ?? expected.unavailable}` };
    const found = await inputOf(subject, network);
    if (found.means === undefined) return found;
    const difference = differenceOf(expected.means, found.means);
    if (found.side === expected.side && difference <= inputLimit) return {};
    const failed =
      found.side === expected.side
        ? `the preprocessed picture differs by ${difference.toExponential(1)} of its range from slimnet's, the limit is ${inputLimit}`
        : `the network gets ${found.side} pixels a side, slimnet's ${expected.side}`;
    print(`${subject.title}, ${network}: ${failed}`);
    return { failed };
  };
}
