import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findAddon } from '../../lib/native/binding.js';
import { root } from './support.js';

describe('an addon of another version', () => {
  const addon = process.env.SLIMNET_ADDON ?? join(root, 'build', 'Release', 'slimnet.node');

  test('is refused, naming both versions and the way out', () => {
    expect(existsSync(addon)).toBe(true);
    expect(() => findAddon({ root, version: '99.0.0', override: addon })).toThrow(
      expect.objectContaining({
        code: 'ERR_NATIVE_LOAD',
        message: expect.stringMatching(
          /is of version \d+\.\d+\.\d+, and slimnet is of version 99\.0\.0.*npm run build/,
        ),
      }),
    );
  });
});
