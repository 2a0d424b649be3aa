import { runChild } from './support.js';

test('batches that are killed go on, and end with the same bytes', () => {
  const args = ['test/reliability/kill_batches.mjs', '--kills', '4', '--images', '120'];
  const { status, stdout, stderr } = runChild(process.execPath, args, undefined, 280_000);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^4 kills, \d+ runs that went on in the middle, \d+ ends, all with the same bytes$/m);
}, 300_000);
