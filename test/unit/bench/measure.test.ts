import { makeCheck, makeInputCheck } from '../../../bench/check.mjs';
import { resultOf } from '../../../bench/drive.mjs';
import { baselineFailed, measure } from '../../../bench/measure.mjs';

const subject = (name: string, more = {}) => ({ name, title: name, takes: ['m'], ...more });
const measurement = {
  name: 'm',
  cases: () => [
    { network: 'n', batch: 1 },
    { network: 'n', batch: 2 },
  ],
  rounds: () => 2,
  protocol: () => ({}),
  measure: async (drive: (task: object) => Promise<{ value?: number }>) => {
    const { value, ...rest } = await drive({ kind: 'value' });
    return value === undefined ? rest : { values: { value } };
  },
};
interface Task {
  kind: string;
  batch: number;
  precision: string;
}
type Answer = (name: string, task: Task) => object;

async function run(answer: Answer, subjects = [subject('slimnet'), subject('peer')], more = {}) {
  const calls: string[] = [];
  const printed: string[] = [];
  const drive = async (one: { name: string }, task: Task) => {
    if (task.kind === 'value') calls.push(`${one.name}/${task.batch}`);
    return answer(one.name, task);
  };
  const print = (line: string) => printed.push(line);
  const check = makeCheck(drive, print);
  const checkInput = makeInputCheck(drive, print, async () => ['a.jpg']);
  const context = { subjects, drive, check, checkInput, options: {}, print };
  const { rows } = await measure({ ...measurement, ...more }, context);
  return { calls, printed, rows };
}

describe('a measurement', () => {
  const good: Answer = (name, { kind }) => (kind === 'check' ? { logits: [0, 1], version: name } : { value: 7 });

  test('lets the subjects take turns, round by round', async () => {
    const { calls, rows } = await run(good);
    const round = ['slimnet/1', 'peer/1', 'slimnet/2', 'peer/2'];
    expect(calls).toEqual([...round, ...round]);
    expect(rows.map((row) => row.metrics)).toEqual(Array(4).fill({ value: [7, 7] }));
  });

  test('does not time a subject whose logits differ, and says by how much', async () => {
    const { calls, printed, rows } = await run((name, task) =>
      task.kind === 'check' && name === 'peer' ? { logits: [0, 1.001] } : good(name, task),
    );
    expect(calls).not.toContain('peer/1');
    expect(rows[1]).toEqual({
      subject: 'peer',
      group: { network: 'n', batch: 1 },
      unavailable: expect.stringMatching(/^failed: logits differ by 1\.0e-3 of their range .* limit is 0\.0001$/),
    });
    // Once, not once a case.
    expect(printed.filter((line) => line.includes('logits differ'))).toHaveLength(1);
  });

  describe('of pictures', () => {
    const withInput =
      (peer: object): Answer =>
      (name, task) =>
        task.kind === 'input' ? (name === 'peer' ? peer : { side: 224, means: [0, 1, 2] }) : good(name, task);
    const both = [subject('slimnet'), subject('peer')];

    test('is made of subjects that give the network the same picture', async () => {
      const { rows } = await run(withInput({ side: 224, means: [0, 1.01, 2] }), both, { pictures: true });
      expect(rows.map((row) => row.metrics)).toEqual(Array(4).fill({ value: [7, 7] }));
    });

    test.each([
      ['of another size', { side: 299, means: [0, 1, 2] }, "failed: the network gets 299 pixels a side, slimnet's 224"],
      [
        'in other units',
        { side: 224, means: [-1, 0, 1] },
        /^failed: the preprocessed picture differs by 5\.0e-1 of its/,
      ],
      ['that it cannot make', { unavailable: 'no such thing' }, 'no such thing'],
    ])('leaves out a subject with a picture %s, and says so', async (_, peer, reason) => {
      const { calls, rows } = await run(withInput(peer), both, { pictures: true });
      expect(calls).not.toContain('peer/1');
      expect(rows[0]?.metrics).toEqual({ value: [7, 7] });
      expect(rows[1]?.unavailable).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason));
      // Other measurements do not begin with pictures.
      expect((await run(withInput(peer), both)).rows[1]?.metrics).toEqual({ value: [7, 7] });
    });
  });

  test('keeps the reason of a subject that is not available, and goes on with the others', async () => {
    const { rows, printed } = await run((name, task) =>
      name === 'peer' ? { unavailable: 'not here' } : good(name, task),
    );
    expect(rows[1]?.unavailable).toBe('not here');
    expect(rows[0]?.metrics).toEqual({ value: [7, 7] });
    expect(printed).toContain('peer, n, float32: not available: not here');
  });

  test('a subject that breaks in the middle has no figures, and is not asked again', async () => {
    let count = 0;
    const { calls, rows } = await run((name, task) => {
      if (task.kind === 'value' && name === 'slimnet' && ++count === 3) return { failed: 'Error: boom' };
      return good(name, task);
    });
    expect(rows[0]).toEqual({
      subject: 'slimnet',
      group: { network: 'n', batch: 1 },
      unavailable: 'failed: Error: boom',
      difference: 0,
    });
    expect(calls.filter((call) => call === 'slimnet/2')).toHaveLength(2);
    expect(baselineFailed(rows)).toBe(true);
    expect(baselineFailed(rows.slice(1))).toBe(false);
  });

  test('has no figures of anybody when slimnet itself cannot be compared with', async () => {
    const { calls, rows } = await run((name, task) =>
      task.kind === 'check' && name === 'slimnet' ? { failed: 'Error: boom' } : good(name, task),
    );
    expect(calls).toEqual([]);
    expect(rows[1]?.unavailable).toContain('slimnet has no logits to compare with: Error: boom');
  });
});

describe('what a driver printed', () => {
  const ended = { status: 0, signal: null, error: undefined, stdout: '', stderr: '' };

  test('is the last line; libraries may print before', () => {
    expect(resultOf({ ...ended, stdout: 'hello\n{"a":1}\n' })).toEqual({ a: 1 });
  });

  test('may be nothing, or no JSON', () => {
    expect(resultOf(ended).failed).toContain('expected a line of JSON');
    expect(resultOf({ ...ended, stdout: '{"a":' }).failed).toContain('{\\"a\\":');
  });

  test.each([
    [
      'file:///x.mjs:3\nthrow new Error()\n\nRangeError: too much\n    at f (x.mjs:3)\n\nNode.js v20',
      'RangeError: too much',
    ],
    ['Traceback (most recent call last):\n  File "x.py"\nValueError: bad value', 'ValueError: bad value'],
    ['the system is out of memory', 'the system is out of memory'],
    ['', 'ended with SIGKILL'],
  ])('of a process that failed is the reason alone: %j', (stderr, failed) => {
    expect(resultOf({ ...ended, status: null, signal: 'SIGKILL', stderr })).toEqual({ failed });
  });
});
