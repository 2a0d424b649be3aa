import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { noticeOf, reachableDeclarations } from '../../../scripts/lib/bundle.mjs';
import { root } from '../../../scripts/lib/paths.mjs';

describe('the declarations that are published', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-declarations-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function write(file: string, text: string) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }

  test('are those that the public one reaches: by import, by re-export, by import type, in circles', () => {
    write('index.d.ts', "export * from './a.js';\nexport * as b from './deep/b.js';\nimport { X } from 'other';");
    write('a.d.ts', "export declare const a: import('./c.js').C;");
    write('c.d.ts', "import type { A } from './a.js';");
    write('deep/b.d.ts', "import { type D } from '../d.js';");
    write('d.d.ts', '');
    write('private.d.ts', '');
    expect([...reachableDeclarations(folder, 'index.d.ts')].sort()).toEqual([
      'a.d.ts',
      'c.d.ts',
      'd.d.ts',
      'deep/b.d.ts',
      'index.d.ts',
    ]);
  });
});

describe("the notice at a bundled source's head", () => {
  test('is its comment where that is a copyright, without the comment signs', () => {
    expect(noticeOf('// Copyright 2008\n//\n// Do this.\nexport const x = 1; // Copyright')).toBe(
      'Copyright 2008\n\nDo this.\n',
    );
  });

  test('is nothing where the head says something else', () => {
    expect(noticeOf('// What this does.\nexport const x = 1;')).toBe('');
    expect(noticeOf('export const x = 1;\n// Copyright 2008')).toBe('');
  });
});

test('dist/ is a handful of code files, so that an import is quick, and has the notices of others', () => {
  const files = readdirSync(join(root, 'dist'), { recursive: true }).map(String);
  const code = files.filter((file) => file.endsWith('.js'));
  // Each way to be loaded has its own.
  expect(code.filter((file) => !file.startsWith('cjs')).length).toBeLessThan(16);
  expect(code.filter((file) => file.startsWith('cjs')).length).toBeLessThan(5);
  const notices = readFileSync(join(root, 'dist', 'THIRD_PARTY_NOTICES.txt'), 'utf8');
  expect(notices).toMatch(/WordNet/);
  expect(notices).toMatch(/fraunces 5\.3\.0 \(OFL-1\.1\): Copyright.*SIL OPEN FONT LICENSE/s);
});
