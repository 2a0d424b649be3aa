/** The networks in float32, and the first of them in all other precisions as well, as `{ network, precision }`. */
export function networksAndPrecisions({ networks, precisions }) {
  return networks.flatMap((network, i) =>
    precisions.filter((p) => i === 0 || p === 'float32').map((precision) => ({ network, precision })),
  );
}

/** The first network in float32: what measurements take that have one case. */
export const mainCase = ({ networks }, more = {}) => ({ network: networks[0], precision: 'float32', ...more });
