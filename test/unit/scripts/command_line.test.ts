import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { usageOf } from '../../../scripts/lib/command_line.mjs';
import { root } from '../../../scripts/lib/paths.mjs';

const scripts = [
  'scripts/build.mjs',
  'scripts/check.mjs',
  'scripts/check_layers.mjs',
  'scripts/cuda_report.mjs',
  'scripts/fuzz_backward.mjs',
  'scripts/gen_ops.mjs',
  'scripts/mutations.mjs',
  'scripts/onednn.mjs',
  'scripts/release.mjs',
  'scripts/third_party.mjs',
  'bench/run.mjs',
];

function start(script: string, argument: string) {
  return spawnSync(process.execPath, [join(root, script), argument], { encoding: 'utf8' });
}

test.each(scripts)('%s --help tells how it is called', (script) => {
  const { status, stdout, stderr } = start(script, '--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^(`?node|`npm|[A-Z])/);
  expect(stdout).toMatch(/node [a-z]+\/|npm run/);
  expect(stdout).not.toMatch(/^\s*(\*|\/\/)|\*\//m);
});

test.each(['scripts/release.mjs', 'scripts/third_party.mjs', 'bench/run.mjs'])(
  '%s names an option that it does not have, without a stack',
  (script) => {
    const { status, stdout, stderr } = start(script, '--nonsense');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^slimnet: Unknown option '--nonsense'/);
    expect(stderr).toContain('--help tells');
    expect(stderr).not.toMatch(/^\s+at /m);
  },
);

test('usage is the first comment of a source, of either kind', () => {
  expect(usageOf("/** One line. */\nimport 'a';")).toBe('One line.');
  expect(usageOf('/**\n * Two\n *\n *   lines.\n */\n/** Another. */')).toBe('Two\n\n  lines.');
  expect(usageOf('// Two\n//   lines.\nimport;\n// Another.\n')).toBe('Two\n  lines.');
  expect(usageOf('import;\n')).toBe('');
});
