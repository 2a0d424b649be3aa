export const compile = {
  name: 'compile',
  title: 'Graph to program',
  about: 'From an empty graph to a compiled program with fresh weights.',
  metrics: [{ key: 'milliseconds', title: 'ms', unit: 'ms', digits: 0 }],
  unchecked: true,
  cases: (options) => [{ network: options.compile }],
  rounds: ({ rounds }) => rounds,
  protocol: () => ({}),
  async measure(drive) {
    const { milliseconds, ...rest } = await drive({ driver: 'compile.mjs' });
    return milliseconds === undefined ? rest : { values: { milliseconds } };
  },
  plots: [],
};
