import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { reachableFiles, testsWithoutAddon } from '../../../scripts/lib/unit_tests.mjs';

let folder: string;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-unit-tests-'));
  write('lib/native/binding.ts', '');
  write('lib/shape.ts', "import type { Addon } from './native/binding.js';\n");
  write('lib/session.ts', "import { loadAddon } from './native/binding.js';\nimport './shape.js';\n");
  write('test/helpers/built_program.ts', '');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the tests that need no addon', () => {
  test('are those from whose imports no way leads to the file that loads it', () => {
    write('test/unit/shape.test.ts', "import { shape } from '../../lib/shape.js';\n");
    write('test/unit/session.test.ts', "import { session } from '../../lib/session.js';\n");
    write('test/unit/late.test.ts', "const { session } = await import('../../lib/session.js');\n");
    write('test/unit/helper.ts', '');
    expect(testsWithoutAddon(folder)).toEqual(['test/unit/shape.test.ts']);
  });

  test('do not start the built program', () => {
    write('test/unit/program.test.ts', "import { builtProgram } from '../helpers/built_program.js';\n");
    expect(testsWithoutAddon(folder)).toEqual([]);
  });

  test('are found where files import each other', () => {
    write('lib/a.ts', "import './b.js';\n");
    write('lib/b.ts', "export * from './a.js';\n");
    expect([...reachableFiles(folder, ['lib/a.ts'])]).toEqual(['lib/a.ts', 'lib/b.ts']);
  });

  test('are most of those of this repository, sessions not among them', () => {
    const found = testsWithoutAddon();
    expect(found.length).toBeGreaterThan(40);
    expect(found).toContain('test/unit/slim/arg_scope.test.ts');
    expect(found).not.toContain('test/unit/runtime/session_run.test.ts');
  });
});
