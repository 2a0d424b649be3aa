/**
 * `node scripts/gpu/report.mjs [--title TEXT] FOLDER`: turns what call1.sh, call2.sh and call3.sh wrote into a page for docs/gpu, on standard output.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { main, SetupError } from '../lib/console.mjs';

/** Lines of a file of JSON lines; none where the file is missing. */
function lines(folder, file) {
  const path = join(folder, file);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, i) => {
      try {
        return JSON.parse(line);
      } catch {
        throw new SetupError(`${path}:${i + 1} is no JSON: ${line.slice(0, 80)}`);
      }
    });
}

const number = (value, digits = 3) => (value === undefined ? '' : Number(value.toPrecision(digits)).toString());
const cell = (value) =>
  String(value ?? '')
    .replace(/\|/g, '\\|')
    .replace(/\s+/g, ' ');

function table(head, rows) {
  if (rows.length === 0) return 'Nothing was measured.\n';
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}

function sectionsTable(records) {
  return table(
    ['section', 'seconds', 'ended'],
    records
      .filter((r) => r.section)
      .map((r) => [
        r.section,
        r.seconds ?? '',
        r.skipped ? 'no time was left' : r.status === 0 ? 'well' : `with status ${r.status}`,
      ]),
  );
}

function replayPart(records) {
  const found = records.find((r) => r.replay);
  if (found === undefined) return 'The cases were not run to an end.\n';
  const { passed = 0, failed = 0, refused = 0, unfinished = 0, notRun = 0 } = found.replay;
  const list = (title, cases) =>
    cases.length === 0 ? [] : [`${title}:\n`, ...cases.map((c) => `- ${c.case}: ${cell(c.message)}`), ''];
  return [
    `**${passed} passed, ${failed} failed**, ${refused} refused, ${unfinished} unfinished, ${notRun} not run.\n`,
    ...list('Failed', found.failed),
    ...list('Refused', found.refused),
    'Closest to what is allowed:\n',
    table(
      ['error / allowed', 'case'],
      found.closest.map(([error, name]) => [number(error), name]),
    ),
    'Implementations, and how many cases used them:\n',
    table(
      ['cases', 'implementation'],
      Object.entries(found.engines)
        .sort((a, b) => b[1] - a[1])
        .map(([name, count]) => [count, name]),
    ),
  ].join('\n');
}

/** How a case was run, where there is more than one way. */
function wayOf({ recordedSteps, autotuned, inFlight = 1 }) {
  const ways = [];
  if (recordedSteps !== undefined) ways.push(recordedSteps > 0 ? 'as a graph' : 'step by step');
  if (autotuned) ways.push('autotuned');
  if (inFlight > 1) ways.push(`${inFlight} at once`);
  return ways.join(', ');
}

/** What a peer's time of a batch, images on the device, is as a part of ours: more than 1 is faster than it. */
function comparison(own, peers) {
  const rows = [];
  for (const { subject, precision, batch, residentMs, residentImagesPerSecond, stepMs } of peers) {
    const kind = stepMs === undefined ? ' resident' : ', one step';
    for (const r of own.filter((r) => r.case.includes(` ${precision} batch ${batch}${kind}`))) {
      const time = (stepMs ?? residentMs) / r.medianMs;
      const rate = stepMs === undefined ? r.imagesPerSecond / residentImagesPerSecond : undefined;
      if (!Number.isNaN(time)) rows.push([r.case, wayOf(r), subject, number(time), number(rate)]);
    }
  }
  if (rows.length === 0) return [];
  const head = ['case', 'run', 'against', 'times as fast, one batch at a time', 'times as many images a second'];
  return ['Against PyTorch:\n', table(head, rows)];
}

function timesPart(records) {
  const own = records.filter((r) => r.case);
  const peers = records.filter((r) => r.subject);
  return [
    table(
      ['case', 'run', 'median ms', '10 % to 90 %', 'images/s', 'runs', 'compiled s', 'error / allowed'],
      own.map((r) => [
        r.case,
        wayOf(r),
        number(r.medianMs),
        `${number(r.fastMs)} to ${number(r.slowMs)}`,
        number(r.imagesPerSecond, 4),
        r.runs,
        number(r.compileSeconds),
        number(r.error),
      ]),
    ),
    'Beside:\n',
    table(
      ['subject', 'precision', 'batch', 'resident ms', 'images/s', 'from the host ms', 'step ms', 'error'],
      peers.map((r) => [
        r.subject,
        r.precision,
        r.batch,
        number(r.residentMs),
        number(r.residentImagesPerSecond, 4),
        number(r.fromHostMs),
        number(r.stepMs),
        r.wrong ?? number(r.error),
      ]),
    ),
    ...comparison(own, peers),
  ].join('\n');
}

const parts = {
  call1: { title: 'Correctness', body: replayPart },
  call2: { title: 'Inference', body: timesPart },
  call3: { title: 'Training', body: timesPart },
};

await main(() => {
  const { values, positionals } = parseArgs({ options: { title: { type: 'string' } }, allowPositionals: true });
  const [folder] = positionals;
  if (folder === undefined) throw new SetupError('Name the folder that the calls wrote.');
  const page = [];
  let date;
  let machine;
  for (const [call, { title, body }] of Object.entries(parts)) {
    const records = lines(folder, `${call}.jsonl`);
    if (records.length === 0) continue;
    date ??= records.find((r) => r.date)?.date;
    machine ??= records.find((r) => r.versions)?.versions;
    page.push(`## ${title}\n`, body(records), 'Sections of the call:\n', sectionsTable(records));
  }
  if (page.length === 0) throw new SetupError(`${folder} holds nothing that call1.sh, call2.sh or call3.sh wrote.`);
  const head = [`# ${values.title ?? `On a GPU, ${date?.slice(0, 10)}`}\n`];
  if (machine) head.push(table(['what', 'version'], Object.entries(machine)));
  process.stdout.write([...head, ...page].join('\n'));
  return 0;
});
