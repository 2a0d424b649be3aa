// The plots of an entry, as its measurement describes them:
//
//   { kind: 'bars', metric, per, high?, note? }        one drawing for each value of the group's key `per`; the range is that of the
//                                                      rounds, or goes from the metric's median to that of the metric `high`
//   { kind: 'lines', series, title, x, y, ... }        one drawing for each group
import { groupKey } from '../results.mjs';
import { summary } from '../statistics.mjs';
import { isOwn } from '../subjects.mjs';
import { bars } from './bars.mjs';
import { groupText, spread } from './format.mjs';
import { lines } from './lines.mjs';
import { titleOf } from './table.mjs';

/** Rows in lists by what `keyOf` says of each. */
function collect(rows, keyOf) {
  const lists = new Map();
  for (const row of rows) lists.set(keyOf(row), [...(lists.get(keyOf(row)) ?? []), row]);
  return [...lists.entries()];
}

function bar(row, { key, digits, scale = 1 }, high) {
  const { median, min, max } = summary(row.metrics[key]);
  const ends = high === undefined ? [min, max] : [median, summary(row.metrics[high]).median];
  const [value, low, most] = [median, ...ends].map((v) => v * scale);
  const range = `${value.toFixed(digits)} (${low.toFixed(digits)}-${most.toFixed(digits)})`;
  return {
    label: titleOf(row.subject),
    value,
    low,
    high: most,
    text: high === undefined ? spread(row.metrics[key], digits, scale) : range,
    accent: isOwn(row.subject),
  };
}

function barPlots(measurement, { metric: key, per, high, note }, rows) {
  const metric = measurement.metrics.find((m) => m.key === key);
  const measured = rows.filter(
    (row) => row.metrics?.[key] !== undefined && (high === undefined || row.metrics[high] !== undefined),
  );
  return collect(measured, (row) => row.group[per]).map(([value, list]) => ({
    name: `${measurement.name}-${value}`,
    title: `${measurement.title}: ${value}`,
    svg: bars({
      title: `${measurement.title}: ${value}`,
      unit: note === undefined ? metric.unit : `${metric.unit} (${note})`,
      groups: collect(list, (row) => groupKey(row.group)).map(([, same]) => ({
        label: groupText(same[0].group, [per]),
        bars: same.map((row) => bar(row, metric, high)),
      })),
    }),
  }));
}

function linePlots(measurement, { series, title, scaleY = 1, ...axes }, rows) {
  const measured = rows.filter((row) => row.series?.[series] !== undefined);
  return collect(measured, (row) => groupKey(row.group)).map(([, list]) => {
    const heading = `${title}: ${groupText(list[0].group)}`;
    const curves = list.map((row) => ({
      label: titleOf(row.subject),
      points: row.series[series].map(([x, y]) => [x, y * scaleY]),
    }));
    const name = [measurement.name, series, ...Object.values(list[0].group)].join('-');
    return { name, title: heading, svg: lines({ title: heading, ...axes, series: curves }) };
  });
}

/** `[{ name, title, svg }]`: what there is data for. */
export function plotsOf(measurement, rows) {
  return measurement.plots.flatMap((plot) => (plot.kind === 'bars' ? barPlots : linePlots)(measurement, plot, rows));
}
