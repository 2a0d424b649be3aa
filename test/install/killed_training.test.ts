import { runChild } from './support.js';

test('a training that is killed goes on, and ends with the same bits', () => {
  const { status, stdout, stderr } = runChild(process.execPath, ['test/reliability/kill_training.mjs', '--kills', '4']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^4 kills, \d trainings that ended, all with the same bits$/m);
}, 120_000);
