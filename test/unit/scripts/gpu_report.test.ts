/** What the calls on a machine with a GPU leave becomes a page (scripts/gpu). */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../scripts/lib/paths.mjs';
import { temporaryFolder, writeFiles } from '../../helpers/temporary_folder.js';

const scripts = join(root, 'scripts', 'gpu');
const base = temporaryFolder('gpu-report');
let folders = 0;

function folderOf(files: Readonly<Record<string, string>>): string {
  return writeFiles(join(base, String(++folders)), files);
}

function report(folder: string) {
  return spawnSync(process.execPath, [join(scripts, 'report.mjs'), folder], { encoding: 'utf8' });
}

const lines = (...records: readonly object[]) => records.map((r) => `${JSON.stringify(r)}\n`).join('');

test('a report has the sums, what failed and why, the times, and the sections that did not end well', () => {
  const folder = folderOf({
    'call1.jsonl': lines(
      { call: 'call1', backend: 'cudnn', date: '2026-12-01T10:00:00Z' },
      { versions: { driver: 13000, cudnn: 91900 } },
      {
        replay: { passed: 7, failed: 1, refused: 1 },
        failed: [{ case: 'conv2d: a | b', message: 'values differ' }],
        refused: [{ case: 'float64', message: 'not here' }],
        engines: { 'engine 41': 5 },
        closest: [[0.5, 'close']],
      },
      { section: 'sanitizer', status: 124, seconds: 50 },
      { section: 'late', skipped: true },
    ),
    'call2.jsonl': lines(
      {
        ...{
          case: 'net bfloat16 batch 256 resident',
          medianMs: 5.1234,
          fastMs: 5,
          slowMs: 6,
          imagesPerSecond: 50000.4,
        },
        ...{ runs: 9, error: 0.1, recordedSteps: 70, autotuned: true },
      },
      {
        ...{ subject: 'PyTorch eager', precision: 'bfloat16', batch: 256, residentMs: 9.87 },
        ...{ residentImagesPerSecond: 25000, error: 0.01 },
      },
      { subject: 'PyTorch eager', precision: 'float32', batch: 256, wrong: 'the error is 3' },
    ),
  });
  const { stdout, status } = report(folder);
  expect(status).toBe(0);
  expect(stdout).toContain('# On a GPU, 2026-12-01\n');
  expect(stdout).toContain('| cudnn | 91900 |');
  expect(stdout).toContain('**7 passed, 1 failed**, 1 refused, 0 unfinished, 0 not run.');
  expect(stdout).toContain('- conv2d: a | b: values differ');
  expect(stdout).toContain('| sanitizer | 50 | with status 124 |');
  expect(stdout).toContain('| late |  | no time was left |');
  const net = 'net bfloat16 batch 256 resident | as a graph, autotuned';
  expect(stdout).toContain(`| ${net} | 5.12 | 5 to 6 | 50000 |`);
  expect(stdout).toContain(`| ${net} | PyTorch eager | 1.93 | 2 |`);
  expect(stdout).toContain('| PyTorch eager | float32 | 256 |  |  |  |  | the error is 3 |');
});

test('a report of nothing, and of files that are damaged, is an error', () => {
  expect(report(folderOf({}))).toMatchObject({ status: 1, stderr: expect.stringContaining('holds nothing') });
  const damaged = folderOf({ 'call1.jsonl': '{"call":"call1"}\n{"section":\n' });
  expect(report(damaged)).toMatchObject({ status: 1, stderr: expect.stringContaining('call1.jsonl:2 is no JSON') });
});

test('a journal is summed up, with cases that ended their process and such as were not reached', () => {
  const folder = folderOf({
    journal: [
      'begun "a"',
      'passed "a" {"error":0.25,"message":"","implementations":"x, y"}',
      'begun "b \\"quoted\\""',
      'failed "b \\"quoted\\"" {"error":null,"message":"values differ"}',
      'begun "c"',
      'refused "c" {"message":"not here"}',
      'begun "d"',
      'begun "e"\n',
    ].join('\n'),
  });
  const [record, failing] = [join(folder, 'record'), join(folder, 'failing')];
  const options = ['--of', '9', '--record', record, '--first-failing', failing];
  const { stdout, status } = spawnSync('python3', [join(scripts, 'journal.py'), join(folder, 'journal'), ...options], {
    encoding: 'utf8',
  });
  expect(stdout).toContain('failed: b "quoted": values differ');
  expect(stdout).toContain('unfinished: d');
  expect(stdout.trimEnd().split('\n').slice(-2)).toEqual(['1 refused, 2 unfinished, 4 not run', '1 passed, 1 failed']);
  expect(status).toBe(1);
  expect(readFileSync(failing, 'utf8')).toBe('b "quoted"');
  expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({
    replay: { passed: 1, failed: 1, refused: 1, unfinished: 2, notRun: 4 },
    engines: { x: 1, y: 1 },
    closest: [[0.25, 'a']],
  });
  writeFileSync(join(folder, 'journal'), 'begun "a"\npassed "a" {}\n');
  expect(spawnSync('python3', [join(scripts, 'journal.py'), join(folder, 'journal')]).status).toBe(0);
});

test('the shell scripts are scripts that bash understands', () => {
  const files = readdirSync(scripts).filter((file) => file.endsWith('.sh'));
  expect(files).toEqual(expect.arrayContaining(['call1.sh', 'call2.sh', 'call3.sh', 'prepare.sh', 'rehearse.sh']));
  for (const file of files) {
    const { status, stderr } = spawnSync('bash', ['-n', join(scripts, file)], { encoding: 'utf8' });
    expect([file, status, stderr]).toEqual([file, 0, '']);
  }
});
