/** Files of Keras on a machine where the library that reads HDF5 is not installed. */
import { openCheckpoint } from '../../../../lib/checkpoint/index.js';
import { ArgumentError } from '../../../../lib/errors.js';

jest.mock('h5wasm', () => {
  throw Object.assign(new Error("Cannot find module 'h5wasm'"), { code: 'MODULE_NOT_FOUND' });
});

test('without h5wasm they are refused, with the command that installs it', async () => {
  const file = Buffer.concat([Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), Buffer.alloc(100)]);
  const refused = openCheckpoint(file);
  await expect(refused).rejects.toThrow(ArgumentError);
  await expect(refused).rejects.toMatchObject({
    message: expect.stringMatching(/\.weights\.h5.* need the package h5wasm, which is not installed/),
    hint: 'npm install h5wasm',
  });
});
