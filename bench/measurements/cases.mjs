/** The networks in float32, and the first of them in all other precisions as well, as `{ network, precision }`. */
export function networksAndPrecisions({ networks, precisions }) {
  return networks.flatMap((network, i) =>
    precisions.filter((p) => i === 0 || p === 'float32').map((precision) => ({ network, precision })),
  );
}

/** The first network in float32: what measurements take that have one case. */
export const mainCase = ({ networks }, more = {}) => ({ network: networks[0], precision: 'float32', ...more });

/** The first network in the precisions that need no calibration. */
export function mainCases(options, more = {}) {
  const precisions = options.precisions.filter((precision) => precision !== 'int8');
  return precisions.map((precision) => mainCase(options, { precision, ...more }));
}

/**
 * `across` of a measurement in which what a precision gains is seen: against onnxruntime-node in float32, which has no bfloat16, and
 * against slimnet's own float32.
 */
export const acrossPrecisions = {
  key: 'precision',
  from: 'float32',
  per: 'network',
  against: ['onnxruntime', 'slimnet'],
};
