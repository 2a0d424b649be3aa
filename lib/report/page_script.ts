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

export const pageStyle = `
:root { color-scheme: light dark; --line: #00000020; --ink: #222; --soft: #666; --paper: #fff; --fill: #f4f6f8; }
@media (prefers-color-scheme: dark) { :root { --line: #ffffff28; --ink: #ddd; --soft: #999; --paper: #181a1d; --fill: #22262b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1100px; padding: 24px; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 36px 0 10px; } p { margin: 6px 0; }
.soft { color: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 18px 0; }
.figures div { background: var(--fill); border-radius: 8px; padding: 10px 16px; }
.figures b { display: block; font-size: 22px; font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); gap: 20px; }
.charts h3 { font-size: 15px; margin: 0 0 4px; } .charts > div { min-width: 0; }
pre { background: var(--fill); border-radius: 8px; padding: 12px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 10px; border-bottom: 1px solid var(--line); text-align: right; }
td { white-space: nowrap; }
th:first-child, td:first-child, .text { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 80px; }
th { font-weight: 600; color: var(--soft); vertical-align: bottom; }
.confusion td, .confusion th { border: 1px solid var(--line); padding: 3px 7px; text-align: center; }
.confusion th.row { text-align: right; } .confusion th.column { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 14px; }
.mistakes figure { margin: 0; } .mistakes img, .mistakes .none { width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--fill); border-radius: 6px; }
.mistakes .none { display: grid; place-items: center; color: var(--soft); }
figcaption { font-size: 13px; line-height: 1.35; overflow-wrap: anywhere; margin-top: 4px; }
.u-legend { font-size: 12px; }
`;
