// `npm run bench -- [--only MEASUREMENTS] [--peers PEERS] [--out DIR] ...` measures slimnet beside its peers. bench/README.md has all options.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../scripts/lib/console.mjs';
import { makeCheck, makeInputCheck } from './check.mjs';
import { makeDrive } from './drive.mjs';
import { machineFacts, runFacts } from './machine.mjs';
import { baselineFailed, measure } from './measure.mjs';
import { measurements } from './measurements/index.mjs';
import { parseOptions } from './options.mjs';
import { picturePaths } from './pictures.mjs';
import { prepare } from './prepare.mjs';
import { writeReport } from './report/page.mjs';
import { readResults, writeEntry } from './results.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const print = (line) => console.error(line);

await main(async () => {
  const options = { ...parseOptions(process.argv.slice(2)), folder: join(root, 'build', 'bench') };
  // A trial leaves what was measured in earnest alone.
  const { results, docs } =
    options.out === undefined
      ? { results: join(root, 'bench', 'results'), docs: join(root, 'docs') }
      : { results: join(options.out, 'results'), docs: options.out };
  const wanted = measurements.filter(({ name }) => options.only.has(name));

  const machine = machineFacts();
  // Before anything of ours makes load.
  const facts = runFacts(options.pin);
  const files = {};
  if (wanted.some((measurement) => !measurement.unchecked))
    for (const network of options.networks) files[network] = await prepare(network, options.folder);
  const drive = makeDrive({ pin: options.pin, threads: options.threads, files, print });
  const check = makeCheck(drive, print);
  const checkInput = makeInputCheck(drive, print, () => picturePaths(options.folder, 1));
  let status = 0;
  for (const measurement of wanted) {
    const context = { subjects: options.subjects, drive, check, checkInput, options, print };
    const { rows, versions, protocol } = await measure(measurement, context);
    const environment = { ...facts.environment, versions };
    const entry = {
      measurement: measurement.name,
      date: facts.date,
      commit: facts.commit,
      environment,
      protocol,
      rows,
    };
    // Written at once: what comes later may be interrupted.
    print(`${measurement.name}: wrote ${writeEntry(results, machine, entry)}`);
    if (baselineFailed(rows)) status = 1;
  }
  writeReport(readResults(results), docs);
  print(`wrote ${join(docs, 'benchmarks.md')}`);
  return status;
});
