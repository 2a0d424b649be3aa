import { publishedPackageJson } from '../../../scripts/pack.mjs';

describe('the published package.json', () => {
  const description = {
    name: 'slimnet',
    version: '1.0.0',
    exports: { '.': './dist/index.js' },
    dependencies: { sharp: '1' },
    devDependencies: { jest: '1' },
    scripts: { install: 'node scripts/install.mjs' },
    jest: { testEnvironment: 'node' },
  };

  test('has no scripts: npm blocks them, and nothing has to be built', () => {
    expect(publishedPackageJson(description)).not.toHaveProperty('scripts');
  });

  test('keeps what users need and leaves out what only development needs', () => {
    expect(publishedPackageJson(description)).toEqual({
      name: 'slimnet',
      version: '1.0.0',
      exports: { '.': './dist/index.js' },
      dependencies: { sharp: '1' },
    });
  });
});
