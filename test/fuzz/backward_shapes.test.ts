/** A few of the random shapes of scripts/fuzz_backward.mjs, on every instruction set that oneDNN can be held to here. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** SLIMNET_FUZZ_BACKWARD asks for more shapes, SLIMNET_FUZZ_FIRST for others. */
const shapes = process.env.SLIMNET_FUZZ_BACKWARD ?? '60';
const first = process.env.SLIMNET_FUZZ_FIRST ?? '0';

test('no shape is wrong, crashes or hangs', async () => {
  const script = join(__dirname, '..', '..', 'scripts', 'fuzz_backward.mjs');
  const args = [script, '--shapes', shapes, '--first', first, '--seconds', '120'];
  // A shape that fails makes the script fail, which rejects: what it printed tells which.
  const { stdout } = await promisify(execFile)(process.execPath, args).catch((error: { stdout: string }) => error);
  console.log(stdout);
  const counts = [...stdout.matchAll(/^\w+: (\d+) shapes, (\d+) failed$/gm)];
  expect(counts.length).toBeGreaterThan(0);
  for (const [, ran, failed] of counts) expect([ran, failed]).toEqual([shapes, '0']);
});
