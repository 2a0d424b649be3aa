import { warnOnce } from '../../../lib/core/warn_once.js';

test('a warning is told once for each code, as one of the process', () => {
  const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    for (const text of ['first', 'second']) warnOnce(text, 'CODE_A');
    warnOnce('third', 'CODE_B');
    expect(emit.mock.calls).toEqual([
      ['first', { code: 'CODE_A' }],
      ['third', { code: 'CODE_B' }],
    ]);
  } finally {
    emit.mockRestore();
  }
});
