import { runChild } from './support.js';

test.each(['tensorflow_v2', 'safetensors'])(
  '%s: a save that is killed leaves the old checkpoint or the new one',
  (format) => {
    const { status, stdout, stderr } = runChild(process.execPath, [
      'test/reliability/kill_saves.mjs',
      '--kills',
      '12',
      '--format',
      format,
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [, mostFiles] = /at most (\d+) files/.exec(stdout) ?? [];
    // What is there, what is being written, and of one killed save at most both again: nothing piles up.
    expect(Number(mostFiles)).toBeLessThanOrEqual(10);
  },
);
