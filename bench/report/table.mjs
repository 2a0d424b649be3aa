// The rows of an entry as a table.
import { groupKey } from '../results.mjs';
import { ratios } from '../statistics.mjs';
import { baseline, isOwn, subjects } from '../subjects.mjs';
import { cell, groupText, spread } from './format.mjs';

const order = subjects.map(({ name }) => name);
/** What a subject is called; by its name where it is of an older run and gone from the table. */
export const titleOf = (name) => subjects.find((subject) => subject.name === name)?.title ?? name;

const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
const table = (head, rows) => [line(head), line(head.map(() => '---')), ...rows.map(line)];

const valueText = (row, { key, digits, scale }) =>
  row.metrics[key] === undefined ? '' : spread(row.metrics[key], digits, scale);

/** Rows in lists that have the same `keyOf`. */
function collected(rows, keyOf) {
  const lists = new Map();
  for (const row of rows) lists.set(keyOf(row), [...(lists.get(keyOf(row)) ?? []), row]);
  return [...lists.values()];
}

/** Rows of the same group, slimnet's first, in the order of the subjects' table. */
function inGroups(rows) {
  const groups = collected(rows, ({ group }) => groupKey(group));
  return groups.map((list) => list.sort((a, b) => order.indexOf(a.subject) - order.indexOf(b.subject)));
}

/** How many times better slimnet's row `own` is than another, round by round; empty where that says nothing. */
export function advantage(row, own, metric) {
  if (metric === undefined || row === undefined || own === undefined || row === own) return '';
  const [a, b] = [own.metrics?.[metric.key], row.metrics?.[metric.key]];
  if (a === undefined || b === undefined) return '';
  return spread(metric.better === 'more' ? ratios(a, b) : ratios(b, a), 2);
}

/** A subject that is not available for one reason in several groups, once: `{ cells of the group, subject, reason }`. */
function reasons(rows, keys) {
  const found = new Map();
  for (const row of rows.filter(({ unavailable }) => unavailable !== undefined)) {
    const key = `${row.subject} ${row.group.precision} ${row.unavailable}`;
    found.set(key, [...(found.get(key) ?? []), row]);
  }
  return [...found.values()].map((list) => ({
    cells: keys.map((key) => [...new Set(list.map(({ group }) => group[key] ?? ''))].join(', ')),
    subject: list[0].subject,
    reason: list[0].unavailable,
  }));
}

/** A row for each subject of each group, and at the end those that are not available. */
function bySubject({ metrics }, rows) {
  const compared = metrics.find(({ better }) => better !== undefined);
  const keys = [...new Set(rows.flatMap(({ group }) => Object.keys(group)))];
  const more = compared !== undefined && rows.length > 1;
  const head = [
    ...keys,
    'subject',
    ...metrics.map(({ title }) => title),
    ...(more ? ['slimnet is better, times'] : []),
  ];
  const measured = inGroups(rows).flatMap((list) => {
    const own = list.find(({ subject }) => subject === baseline);
    return list
      .filter(({ unavailable }) => unavailable === undefined)
      .map((row) => [
        ...keys.map((key) => row.group[key] ?? ''),
        titleOf(row.subject),
        ...metrics.map((metric) => valueText(row, metric)),
        ...(more ? [advantage(row, own, compared)] : []),
      ]);
  });
  const missing = reasons(rows, keys).map(({ cells, subject, reason }) => {
    const start = [...cells, titleOf(subject), `not available: ${reason}`];
    return [...start, ...Array(head.length - start.length).fill('')];
  });
  return table(head, [...measured, ...missing]);
}

/** A row for each metric, a column for each subject. */
function byMetric({ metrics }, rows) {
  return inGroups(rows).flatMap((list) => {
    const has = ({ key }) => list.some((row) => row.metrics?.[key] !== undefined);
    const heads = list.map(({ subject }) => titleOf(subject));
    const lines = metrics
      .filter(has)
      .map((metric) => [
        metric.title,
        ...list.map((row) => (row.unavailable === undefined ? valueText(row, metric) : 'not available')),
      ]);
    const reasons = list
      .filter(({ unavailable }) => unavailable !== undefined)
      .map((row) => `- ${titleOf(row.subject)}: not available: ${row.unavailable}`);
    return [
      `${groupText(list[0].group)}:`,
      '',
      ...table(['what', ...heads], lines),
      ...(reasons.length ? ['', ...reasons] : []),
      '',
    ];
  });
}

/** Equal for groups that differ in nothing but the keys of `without`. */
const keyWithout = (group, without) =>
  groupKey(Object.fromEntries(Object.entries(group).filter(([key]) => !without.includes(key))));

/** slimnet's rows of one table of `across`, each beside the rows of `from` that differ from it in nothing but the key. */
function acrossTable({ metrics, across: { key, from, per, against } }, own, rows) {
  const metric = metrics.find(({ better }) => better !== undefined);
  const others = Object.keys(own[0].group).filter((name) => name !== key && name !== per);
  const partner = (row, subject) =>
    rows.find(
      (other) =>
        other.subject === subject &&
        other.group[key] === from &&
        keyWithout(other.group, [key]) === keyWithout(row.group, [key]),
    );
  const columns = against.map((subject) => `times better than ${titleOf(subject)} in ${from}`);
  const head = [...others, key, 'subject', metric.title, ...columns];
  const lines = collected(own, ({ group }) => keyWithout(group, [key])).flatMap((list) =>
    list.map((row) => [
      ...others.map((name) => row.group[name]),
      row.group[key],
      titleOf(row.subject),
      valueText(row, metric),
      ...against.map((subject) => advantage(partner(row, subject), row, metric)),
    ]),
  );
  return [`${own[0].group[per]}, ${titleOf(baseline)} against ${from}:`, '', ...table(head, lines)];
}

/** Tables of what slimnet gains by what `across` names; none where it was measured in one way only. Lists of lines of Markdown. */
export function acrossTables(measurement, rows) {
  if (measurement.across === undefined) return [];
  const { key, per } = measurement.across;
  const own = rows.filter(({ subject, metrics }) => isOwn(subject) && metrics !== undefined);
  return collected(own, ({ group }) => group[per])
    .filter((list) => new Set(list.map(({ group }) => group[key])).size > 1)
    .map((list) => acrossTable(measurement, list, rows));
}

/** Lines of Markdown. */
export function entryTable(measurement, rows) {
  return measurement.metricsAsRows ? byMetric(measurement, rows) : bySubject(measurement, rows);
}
