/**
 * `node scripts/gpu/record_bundles.mjs [--tests-only] [--networks-only] [--small] [FOLDER]`: records the cases of the tests, and those that are timed, for
 * slimnet_replay and slimnet_bench_plan (docs/gpu.md); with --small those of images of 64 x 64, which a device in software
 * computes in time. FOLDER is build/gpu/bundles unless told. Needs a build with the native tests.
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { main, say } from '../lib/console.mjs';
import { root } from '../lib/paths.mjs';
import { run } from '../lib/process.mjs';

/** What a device in software trains in time. */
const smallTraining = { side: 64, timed: [4], small: 4, curve: { batch: 2, side: 64, steps: 1 } };

/** Test files that record, and those of their tests that do. */
const recording = {
  'test/conformance/conformance.test.ts': 'reference gives what is expected',
  'test/conformance/plans.test.ts': '\\.plan$',
  'test/fuzz/graphs.test.ts': 'random network',
  'test/model/networks.test.ts': 'all are recorded',
};

await main(async () => {
  const { values, positionals } = parseArgs({
    options: {
      'tests-only': { type: 'boolean', default: false },
      'networks-only': { type: 'boolean', default: false },
      small: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const folder = resolve(positionals[0] ?? join(root, 'build', 'gpu', 'bundles'));
  mkdirSync(folder, { recursive: true });
  if (!values['networks-only']) {
    const pattern = Object.values(recording).join('|');
    const args = [
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--ci',
      ...Object.keys(recording),
      '-t',
      pattern,
    ];
    await run(process.execPath, args, { cwd: root, env: { SLIMNET_RECORD_BUNDLES: folder } });
  }
  if (!values['tests-only']) {
    const slimnet = await import('../../dist/index.js');
    const { crc32c } = await import('../../build/lib/formats/crc32c.js');
    const { recordInference, recordTraining } = await import('./network_cases.mjs');
    await recordInference(slimnet, crc32c, folder, values.small ? { side: 64, batches: [1] } : {});
    await recordTraining(slimnet, crc32c, folder, values.small ? smallTraining : {});
  }
  for (const file of readdirSync(folder).sort()) {
    say(`${join(folder, file)}: ${(statSync(join(folder, file)).size / 2 ** 20).toFixed(1)} MiB`);
  }
});
