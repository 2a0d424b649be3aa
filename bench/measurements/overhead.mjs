export const overhead = {
  name: 'overhead',
  title: 'Round trip of an empty run',
  about: 'A run that computes next to nothing (16 floats): JavaScript to the executor thread and back.',
  metrics: [{ key: 'roundTrip', title: 'us', unit: 'us', digits: 0, scale: 1000 }],
  unchecked: true,
  cases: () => [{}],
  rounds: ({ rounds }) => Math.min(3, rounds),
  protocol: ({ seconds }) => ({ seconds }),
  async measure(drive, { seconds }) {
    const result = await drive({ driver: 'overhead.mjs', seconds });
    return result.median === undefined ? result : { values: { roundTrip: result.median } };
  },
  plots: [],
};
