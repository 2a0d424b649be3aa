/** Ends of all kinds while native code is at work. Each in a process of its own; needs dist and the addon. */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { thorough } from '../helpers/thorough.js';
import { type ChildResult, root, runChild } from './support.js';

/** Moments differ from time to time: a thorough run meets more of them. */
const times = (many: number, usual: number): number => (thorough ? many : usual);
const ofTimes = (many: number, usual: number): string => `${times(many, usual)}${thorough ? '' : ` (of ${many})`}`;

function runFixture(name: string, ...args: string[]): ChildResult {
  return runChild(
    process.execPath,
    ['--expose-gc', join(root, 'test', 'install', 'fixtures', name), ...args],
    root,
    170_000,
  );
}

const ended = (stdout: string, status = 0): object => ({
  status,
  signal: null,
  stdout: `${stdout}${stdout === '' ? '' : '\n'}`,
  stderr: '',
});

describe('ending while native code is at work', () => {
  it(`${ofTimes(200, 40)} workers are terminated beside a main thread that runs, and nothing breaks`, () => {
    expect(runFixture('terminate.mjs', 'cpu', `${times(200, 40)}`)).toEqual(ended('survived'));
  });

  it('the same on the reference backend, whose steps take longer', () => {
    expect(runFixture('terminate.mjs', 'reference', `${times(20, 8)}`)).toEqual(ended('survived'));
  });

  it.each(['throughput', 'auto'])('the same where runs are computed at the same time, mode %s', (mode) => {
    expect(runFixture('terminate.mjs', 'cpu', `${times(60, 16)}`, mode)).toEqual(ended('survived'));
    expect(runFixture('terminate.mjs', 'reference', `${times(10, 4)}`, mode)).toEqual(ended('survived'));
  });

  it.each(['throughput', 'auto'])('process.exit() in the middle of runs at the same time, mode %s', (mode) => {
    for (const moment of thorough ? ['compile', '0', '2', '5'] : ['compile', '2']) {
      expect(runFixture('exit.mjs', 'cpu', moment, mode)).toEqual(ended('', 7));
      expect(runFixture('exit.mjs', 'reference', moment, mode)).toEqual(ended('', 7));
    }
  });

  it.each([
    ['cpu', 'compile'],
    ['cpu', '0'],
    ['cpu', '2'],
    ['cpu', '5'],
    ['reference', 'compile'],
    ['reference', '0'],
    ['reference', '3'],
  ])('process.exit() on %s at %s', (device, moment) => {
    // Without the listener on `exit`, one in eight ended by SIGSEGV while it compiled.
    const count = moment === 'compile' ? times(12, 4) : times(3, 1);
    for (let i = 0; i < count; i++) expect(runFixture('exit.mjs', device, moment)).toEqual(ended('', 7));
  });

  it('a process with an idle session ends by itself, and not before its run has ended', () => {
    expect(runFixture('idle.mjs', 'cpu')).toEqual(ended('ran 8192'));
    expect(runFixture('idle.mjs', 'reference')).toEqual(ended('ran 8192'));
  });

  it('sessions are collected while their runs are under way', () => {
    expect(runFixture('collected.mjs')).toEqual(ended('collected'));
  });

  it.each(['exit', 'by itself'])('packed weights are on disk when a process ends early: %s', (end) => {
    const folder = mkdtempSync(join(tmpdir(), 'slimnet-start-'));
    const before = process.env.SLIMNET_PACKED_CACHE;
    process.env.SLIMNET_PACKED_CACHE = '';
    try {
      expect(runFixture('second_start.mjs', folder, end)).toMatchObject({ status: 0, stdout: 'packed', stderr: '' });
      expect(readdirSync(join(folder, 'cache'))).toHaveLength(1);
      expect(runFixture('second_start.mjs', folder, end)).toMatchObject({ status: 0, stdout: 'found', stderr: '' });
    } finally {
      process.env.SLIMNET_PACKED_CACHE = before;
      rmSync(folder, { recursive: true });
    }
  });

  it('all threads but those that compute get short time slices, where the system has them', () => {
    const { status, stdout } = runFixture('time_slices.mjs');
    const { before, own, others } = JSON.parse(stdout) as { before: number | null; own: number[]; others: number[] };
    expect(status).toBe(0);
    if (before === null) return console.log('not tried: this system does not show time slices');
    expect(others.length).toBeGreaterThan(4);
    expect(own.length).toBeGreaterThan(2);
    const short = 300;
    // Older systems have slices, and refuse to change them. (Where these tests have a session, a child inherits short ones.)
    if (before !== short && others.every((slice) => slice === before))
      return console.log(`not tried: time slices stay at ${before} us here`);
    expect(new Set(others)).toEqual(new Set([short]));
    const [usual] = own;
    expect(usual).toBeGreaterThan(short);
    expect(new Set(own)).toEqual(new Set([usual]));
  });

  it('two copies of the addon live in one process', () => {
    const built = ['Release', 'Debug']
      .map((mode) => join(root, 'build', mode, 'slimnet.node'))
      .find((path) => existsSync(path));
    expect(built).toBeDefined();
    const folder = mkdtempSync(join(tmpdir(), 'slimnet-copy-'));
    const copy = join(folder, 'copy.node');
    copyFileSync(built as string, copy);
    try {
      expect(runFixture('copies.mjs', copy)).toEqual(ended('ERR_ARGUMENT'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
