// Runs one measurement: every subject in every case, taking turns, round by round.
import { baseline, takesPart } from './subjects.mjs';

/** Rows of a case; a subject that cannot take part has its reason from the start. */
async function rowsOf(group, measurement, subjects, check, checkInput) {
  const rows = [];
  for (const subject of subjects) {
    if (!takesPart(subject, measurement.name, group)) continue;
    const checked = measurement.unchecked ? {} : await check(subject, group.network, group.precision ?? 'float32');
    const { difference, version } = checked;
    const known = checked.unavailable !== undefined || checked.failed !== undefined;
    const { unavailable, failed } = measurement.pictures && !known ? await checkInput(subject, group.network) : checked;
    const reason = failed === undefined ? unavailable : `failed: ${failed}`;
    const row = reason === undefined ? { metrics: {}, difference } : { unavailable: reason };
    rows.push({ subject, version, row: { subject: subject.name, group, ...row } });
  }
  return rows;
}

function take(row, { values, series, unavailable, failed }) {
  if (values === undefined) {
    row.unavailable = failed === undefined ? unavailable : `failed: ${failed}`;
    delete row.metrics;
    return;
  }
  for (const [name, value] of Object.entries(values)) {
    row.metrics[name] ??= [];
    row.metrics[name].push(value);
  }
  // A course is one of a single round: the first.
  if (series !== undefined) row.series ??= series;
}

const text = ([name, values]) => `${name} ${values.at(-1).toPrecision(4)}`;

/**
 * @param measurement one of measurements/
 * @param context `{ subjects, drive, check, checkInput, options, print }`
 * @returns `{ rows, versions, protocol }`
 */
export async function measure(measurement, { subjects, drive, check, checkInput, options, print }) {
  const rounds = measurement.rounds(options);
  const cases = [];
  for (const group of measurement.cases(options)) {
    const rows = await rowsOf(group, measurement, subjects, check, checkInput);
    // With nobody to compare it with, a case that slimnet lacks is nothing but reasons: kept, so that nothing is silently left out.
    cases.push({ group, rows });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { group, rows } of cases) {
      for (const { subject, row } of rows) {
        if (row.unavailable !== undefined) continue;
        take(row, await measurement.measure((task) => drive(subject, { ...group, ...task }), options, group));
        const what = [measurement.name, ...Object.values(group), subject.title, `round ${round + 1} of ${rounds}`];
        const found =
          row.unavailable === undefined
            ? Object.entries(row.metrics).map(text).join(', ')
            : `not available: ${row.unavailable}`;
        print(`${what.join(', ')}: ${found}`);
      }
    }
  }
  const all = cases.flatMap(({ rows }) => rows);
  const versions = Object.fromEntries(
    all.filter(({ version }) => version !== undefined).map(({ subject, version }) => [subject.name, version]),
  );
  return { rows: all.map(({ row }) => row), versions, protocol: { rounds, ...measurement.protocol(options) } };
}

/** Whether slimnet itself failed somewhere, which a benchmark must not hide. */
export function baselineFailed(rows) {
  return rows.some(({ subject, unavailable }) => subject === baseline && unavailable?.startsWith('failed: '));
}
