import { runChild } from './support.js';

test('workers of a queue that are killed lose no picture, and do none twice', () => {
  const args = ['test/reliability/kill_queue.mjs', '--jobs', '150', '--kills', '2', '--workers', '2'];
  const { status, stdout, stderr } = runChild(process.execPath, args, undefined, 600_000);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  // Where there is no redis-server the reason is shown.
  if (stdout.startsWith('not run')) process.stderr.write(stdout);
  else expect(stdout).toMatch(/^2 kills, \d+ results, each there once and right, none failed, \d+ s$/m);
}, 660_000);
