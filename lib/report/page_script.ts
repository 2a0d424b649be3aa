/**
 * What runs ahead of uPlot, which formats numbers in the browser's language when it is loaded: a language that is no tag (`en-US@posix`, with
 * the locale C) would keep all charts from being drawn.
 */
export const languageScript = `
try { new Intl.NumberFormat(navigator.language); }
catch { Object.defineProperty(navigator, 'language', { value: 'en-US' }); }
`;

/** What runs in the page: draws the charts that `charts` holds with uPlot, as wide as the page is. */
export const pageScript = `
const colours = ['#9db7d8', '#2266bb', '#d0611f', '#3a8f4d'];
const dark = matchMedia('(prefers-color-scheme: dark)').matches;
const line = dark ? '#ffffff22' : '#00000018';
const ink = dark ? '#ccc' : '#444';
for (const { title, unit, steps, series } of charts) {
  const place = document.getElementById('chart ' + title);
  const single = series.length === 1;
  const options = {
    width: place.clientWidth,
    height: 260,
    scales: { x: { time: false } },
    axes: [
      { stroke: ink, grid: { stroke: line }, ticks: { stroke: line }, label: 'step', labelSize: 18, size: 36 },
      { stroke: ink, grid: { stroke: line }, ticks: { stroke: line }, size: 64, values: (_, ticks) => ticks.map((tick) => Number(tick.toPrecision(4)).toString()) },
    ],
    series: [
      { label: 'step' },
      ...series.map(({ name, values }, i) => ({
        label: unit && name !== unit ? name + ' (' + unit + ')' : name,
        stroke: colours[single ? 1 : name.startsWith('held out') ? 2 + (i % 2) : name.endsWith('smoothed') || name === 'training batches' ? 1 : 0],
        width: 1.5,
        spanGaps: true,
        points: { show: name.startsWith('held out') || values.filter((value) => value !== null).length < 3 },
      })),
    ],
  };
  const chart = new uPlot(options, [steps, ...series.map(({ values }) => values)], place);
  addEventListener('resize', () => chart.setSize({ width: place.clientWidth, height: 260 }));
}
`;
