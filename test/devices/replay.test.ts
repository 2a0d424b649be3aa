/** Bundles as the tests record them, through the programs that run them on machines without Node. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32c } from '../../lib/formats/crc32c.js';
import { BundleWriter, type Case } from '../../scripts/gpu/bundle_writer.mjs';
import { temporaryFolder } from '../helpers/temporary_folder.js';

const programs = process.env.SLIMNET_ADDON
  ? dirname(process.env.SLIMNET_ADDON)
  : join(__dirname, '..', '..', 'build', 'Release');

const folder = temporaryFolder('replay');
let files = 0;
const newFile = (kind: string) => join(folder, `${++files}.${kind}`);

function run(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(join(programs, `slimnet_${program}`), args, { encoding: 'utf8' });
  return { status, stdout, stderr, lines: stdout.trimEnd().split('\n') };
}

const plan = `slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[2,3]
%1 = variable() {name="w \\"quoted\\""} @"w" : float32[3]
%2 = bias_add(%0, %1) {} @"y" : float32[2,3]
%3 = relu(%2) {} @"relu" : float32[2,3]
output "y" %3
`;

/** relu(x + w), of which the first run expects `y`. */
function example(name: string, y: readonly number[], more: Partial<Case> = {}): Case {
  return {
    name,
    plan,
    variables: [{ name: 'w "quoted"', type: 'float32[3]', data: { repeated: Float32Array.of(0.5) } }],
    runs: [
      {
        feeds: [{ name: 'x', type: 'float32[2,3]', data: Float32Array.of(1, -1, 2, -2, 3, -3) }],
        outputs: [{ name: 'y', type: 'float32[2,3]', data: Float32Array.from(y), measure: { relative: 1e-6 } }],
      },
    ],
    ...more,
  };
}

const right = [1.5, 0, 2.5, 0, 3.5, 0];
const wrong = [1.5, 0, 2.5, 0, 3.5, 1];

function bundleOf(...cases: readonly Case[]): string {
  const writer = new BundleWriter(crc32c);
  for (const item of cases) writer.add(item);
  const path = newFile('bundle');
  writeFileSync(path, writer.end());
  return path;
}

describe('slimnet_replay', () => {
  test.each(['onednn', 'reference'])('passes on %s what is right, with its implementation', (backend) => {
    const bundle = bundleOf(example('one', right), example('two "quoted" \u0007', right));
    const { status, lines } = run('replay', '--backend', backend, bundle);
    expect(lines.at(-1)).toBe('2 passed, 0 failed');
    expect(lines[0]).toMatch(/^passed {3}one .* ms {2}\S/);
    expect(status).toBe(0);
  });

  test('fails what is wrong, says where, and goes on unless told to stop', () => {
    const bundle = bundleOf(example('one', wrong), example('two', right));
    const whole = run('replay', bundle);
    expect(whole.stdout).toContain('result "y": 1 of 6 values differ, by up to 1; the first is [5]: 0 instead of 1');
    expect(whole.lines.at(-1)).toBe('1 passed, 1 failed');
    expect(whole.status).toBe(1);
    expect(run('replay', '--stop', bundle).lines.at(-1)).toBe('0 passed, 1 failed');
  });

  test('chooses cases by name, part of a name, share and number', () => {
    const bundle = bundleOf(...['a 1', 'a 2', 'b 1', 'b 2', 'b 3'].map((name) => example(name, right)));
    const names = (...args: readonly string[]) => run('replay', '--list', ...args, bundle).lines;
    expect(names()).toEqual(['a 1', 'a 2', 'b 1', 'b 2', 'b 3']);
    expect(names('--filter', 'a', '--only', 'b 2')).toEqual(['a 1', 'a 2', 'b 2']);
    const ran = (...args: readonly string[]) =>
      run('replay', ...args, bundle).lines.flatMap((line) => /^passed {3}(\S+ \d) /.exec(line)?.[1] ?? []);
    expect(ran('--shard', '0/2')).toEqual(['a 1', 'b 1', 'b 3']);
    expect(ran('--shard', '1/2')).toEqual(['a 2', 'b 2']);
    expect(ran('--limit', '2', '--filter', 'b')).toEqual(['b 1', 'b 2']);
    const none = run('replay', '--filter', 'c', bundle);
    expect([none.status, none.stderr]).toEqual([1, 'No case was run.\n']);
  });

  test('repeats, and draws other orders of the values, which are held to the reference', () => {
    const { status, lines } = run('replay', '--repeat', '3', '--seeds', '5', bundleOf(example('one', right)));
    expect([status, lines.at(-1)]).toEqual([0, '1 passed, 0 failed']);
  });

  test('goes on behind the case in which an earlier process ended, which has failed', () => {
    const bundle = bundleOf(...['one', 'two', 'three'].map((name) => example(name, right)));
    const journal = newFile('journal');
    writeFileSync(journal, 'begun "one"\npassed "one" {}\nbegun "two"\n');
    const { status, lines } = run('replay', '--journal', journal, bundle);
    expect(lines[0]).toBe('FAILED   two: the process ended in this case');
    expect(lines.at(-1)).toBe('2 passed, 1 failed');
    expect(status).toBe(1);
    const noted = readFileSync(journal, 'utf8').trimEnd().split('\n');
    expect(noted.map((line) => line.split(' {')[0])).toEqual([
      'begun "one"',
      'passed "one"',
      'begun "two"',
      'failed "two"',
      'begun "three"',
      'passed "three"',
    ]);
    expect(JSON.parse((noted.at(-1) as string).slice('passed "three" '.length))).toMatchObject({
      error: 0,
      message: '',
    });
    // Nothing is left to do.
    expect(run('replay', '--journal', journal, bundle).lines.at(-1)).toBe('2 passed, 1 failed');
  });

  test('tells a bundle that is damaged or missing, and what it does not understand, by status 2', () => {
    const path = bundleOf(example('one', right));
    const bytes = readFileSync(path);
    const message = (data: Uint8Array) => {
      writeFileSync(path, data);
      const { status, stderr } = run('replay', path);
      expect(status).toBe(2);
      return stderr;
    };
    expect(message(bytes.subarray(0, bytes.length - 6))).toContain('is cut off');
    expect(message(bytes.subarray(0, 100))).toContain('bytes and a line feed must follow');
    const other = Buffer.from(bytes);
    other[bytes.indexOf('relu(')] = 0x52;
    expect(message(other)).toContain('case "one": its bytes are damaged');
    expect(message(Buffer.from('slimnet.bundle 7\nend 0\n'))).toContain('this build reads version 1');
    expect(message(Buffer.alloc(0))).toContain('.bundle: Bundle line 1');
    const told = (...args: readonly string[]) => run('replay', ...args);
    expect(told('no.bundle').stderr).toBe('ERR_ARGUMENT: Could not open no.bundle: No such file or directory.\n');
    expect(told('--fliter', 'x', path)).toMatchObject({ status: 2, stderr: expect.stringContaining('--fliter') });
    expect(told('--repeat', '0', path).stderr).toContain('expected an integer from 1');
    expect(told('--shard', '2/2', path).stderr).toContain('expected I/N');
    expect(told('--backend', 'none', bundleOf(example('one', right))).stderr).toContain('There is no backend none');
    expect(told('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--journal') });
  });
});

describe('slimnet_bench_plan', () => {
  test('has figures of what is right alone', () => {
    const bundle = bundleOf(example('one', right), example('two', wrong));
    const json = newFile('jsonl');
    const { status, lines } = run('bench_plan', '--seconds', '0', '--runs', '3', '--json', json, bundle);
    expect(status).toBe(1);
    expect(lines[0]).toMatch(/^one .* images\/s .* runs/);
    expect(lines[1]).toMatch(/^FAILED two: y: 1 of 6 values differ/);
    expect(lines[2]).toBe('1 timed, 1 failed');
    const figures = readFileSync(json, 'utf8').trimEnd().split('\n');
    expect(figures).toHaveLength(1);
    expect(JSON.parse(figures[0] as string)).toMatchObject({ case: 'one', backend: 'onednn', batch: 2, error: 0 });
  });

  test('keeps several runs at work', () => {
    const bundle = bundleOf(example('one', right));
    const args = ['--threads', '2', '--mode', 'throughput', '--in-flight', '4', '--seconds', '0', '--runs', '20'];
    expect(run('bench_plan', ...args, bundle).lines.at(-1)).toBe('1 timed, 0 failed');
    expect(run('bench_plan', '--mode', 'both', bundle)).toMatchObject({
      status: 2,
      stderr: 'ERR_ARGUMENT: --mode: expected latency or throughput, received both.\n',
    });
  });
});
