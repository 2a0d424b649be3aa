// Result files as docs/benchmarks.md and docs/benchmarks/*.svg.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measurements } from '../measurements/index.mjs';
import { byMachine } from '../results.mjs';
import { plotsOf } from './plots.mjs';
import { acrossTables, entryTable, titleOf } from './table.mjs';

const head = `# Benchmarks

Written by \`npm run bench\`, which measures and then writes this page; bench/README.md says how it is measured.
\`npm run bench -- --only report\` writes the page anew from the files in bench/results.

Medians of the rounds, the range in parentheses. 224x224 pixels, 1000 classes; subjects take turns, each in a process of its own.
"slimnet is better, times" is the ratio round by round: above 1 slimnet is faster, or needs less. A subject is measured after
its logits agreed with slimnet's; the limits are in bench/check.mjs. Where slimnet was measured in several precisions, a second table
says what each gains: against onnxruntime-node in float32, which has no bfloat16 for processors, and against slimnet in float32.
`;

function machineText({ cpu, family, model, features, cores, memoryGiB }) {
  const sets =
    features === undefined ? [] : [features.length > 0 ? features.join(' ') : 'none of the newer instruction sets'];
  return [`${cpu} (family ${family}, model ${model})`, ...sets, `${cores} cores`, `${memoryGiB} GiB`].join('; ');
}

/** How often and how long, e.g. "3 rounds of 1 s; 64 pictures". */
function protocolText({ rounds, seconds, pictures, images, note }) {
  const turns = `${rounds} ${rounds === 1 ? 'round' : 'rounds'}${seconds === undefined ? '' : ` of ${seconds} s`}`;
  return [
    turns,
    ...(pictures === undefined ? [] : [`${pictures} pictures`]),
    ...(images === undefined ? [] : [`${images} images`]),
    ...(note === undefined ? [] : [note]),
  ];
}

/** When, of what, and under which conditions an entry was measured. */
function conditions({ date, commit, environment: e, protocol, rows }) {
  const load = [
    ['before', e.loadBefore],
    ['after', e.loadAfter],
  ].filter(([, value]) => value !== undefined);
  const differences = rows.map(({ difference }) => difference).filter((d) => d !== undefined && d > 0);
  // slimnet's is the commit, the idle process's is Node's, and those with a dash are modes of another subject.
  const own = ([name]) => name !== 'slimnet' && name !== 'idle' && !name.includes('-');
  const versions = Object.entries(e.versions ?? {}).filter(own);
  return [
    `${date}, commit ${commit}`,
    ...protocolText(protocol),
    `pinned to ${e.pinned}`,
    ...load.map(([when, value]) => `load ${value} ${when}`),
    `Linux ${e.kernel}`,
    `huge pages ${e.hugePages}`,
    `Node ${e.node}`,
    ...versions.map(([name, version]) => `${titleOf(name)} ${version}`),
    ...(differences.length > 0 ? [`logits agree to ${Math.max(...differences).toExponential(1)} of their range`] : []),
  ].join('; ');
}

/** Sections of one machine, and its drawings by file name. */
function machineSection({ id, machine, entries }, drawings) {
  const lines = [`## ${machine.cpu}, ${machine.cores} cores`, '', machineText(machine), ''];
  for (const measurement of measurements) {
    const own = entries.filter((entry) => entry.measurement === measurement.name);
    if (own.length === 0) continue;
    lines.push(`### ${measurement.title}`, '', measurement.about, '');
    for (const [i, entry] of own.entries()) {
      lines.push(`${conditions(entry)}.`, '', ...entryTable(measurement, entry.rows), '');
      for (const across of acrossTables(measurement, entry.rows)) lines.push(...across, '');
      for (const { name, title, svg } of plotsOf(measurement, entry.rows)) {
        const file = `${id}-${name}${i === 0 ? '' : `-${i + 1}`}.svg`;
        drawings.set(file, svg);
        lines.push(`![${title}](benchmarks/${file})`, '');
      }
    }
  }
  return lines;
}

/** The page and its drawings: `{ page, drawings: Map of file name -> SVG }`. */
export function report(files) {
  const drawings = new Map();
  const sections = byMachine(files).flatMap((machine) => machineSection(machine, drawings));
  const page = [head, ...sections].join('\n').replace(/\n{3,}/g, '\n\n');
  return { page: `${page.trimEnd()}\n`, drawings };
}

/** Writes the page below `docs`, and the drawings in place of earlier ones. */
export function writeReport(files, docs) {
  const { page, drawings } = report(files);
  const folder = join(docs, 'benchmarks');
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.svg'))) rmSync(join(folder, name));
  for (const [name, svg] of drawings) writeFileSync(join(folder, name), svg);
  writeFileSync(join(docs, 'benchmarks.md'), page);
}
