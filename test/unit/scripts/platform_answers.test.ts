import { compareAnswers } from '../../../scripts/lib/release/trials/platforms.mjs';

describe('answers of another platform', () => {
  const here = { conv: { reference: [1, -2, 4], cpu: [1, -2, 4] }, training: { reference: [2], cpu: [2] } };

  test('are held to the reference of this machine, training less closely', () => {
    const there = {
      conv: { reference: [1, -2, 4], cpu: [1.00001, -2, 4] },
      training: { reference: [2], cpu: [2.00006] },
    };
    const { problems, worst } = compareAnswers(there, here);
    expect(problems).toEqual([]);
    expect(worst.reference).toBe(0);
    expect(worst.cpu).toBeCloseTo(0.00003, 8);
  });

  test.each([
    ['a number that differs', { reference: [1, -2, 4], cpu: [1, -2, 4.001] }],
    ['one that is none, before others that are right', { reference: [1, -2, 4], cpu: [null, -2, 4] }],
    ['fewer numbers', { reference: [1, -2, 4], cpu: [1, -2] }],
    ['no numbers', { reference: [1, -2, 4] }],
  ])('%s is named with its case', (_, conv) => {
    const { problems } = compareAnswers({ ...here, conv } as unknown as typeof here, here);
    expect(problems).toEqual([expect.stringMatching(/^conv, cpu: differs by /)]);
  });

  test('a case that is missing is named, for each way of computing', () => {
    expect(compareAnswers({ training: here.training } as typeof here, here).problems).toHaveLength(2);
  });
});
