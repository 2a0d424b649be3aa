import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byMachine, mergeEntry, readResults, writeEntry } from '../../../bench/results.mjs';

const row = (subject: string, batch: number, value = 1) => ({
  subject,
  group: { network: 'n', batch },
  metrics: { imagesPerSecond: [value] },
});
const entry = (measurement: string, commit: string, rows: unknown[], date = '2026-01-01') => ({
  measurement,
  date,
  commit,
  environment: {},
  protocol: {},
  rows,
});
const machine = { cpu: 'Some(R) CPU', family: '6', model: '1', cores: 2, memoryGiB: 4 };
const outline = (entries: ReturnType<typeof entry>[]) =>
  entries.map(({ measurement, commit, rows }) => [
    measurement,
    commit,
    (rows as ReturnType<typeof row>[]).map(({ subject, group }) => `${subject}/${group.batch}`),
  ]);

describe('a result that is added to earlier ones', () => {
  test('leaves other measurements alone', () => {
    const before = [entry('throughput', 'a', [row('slimnet', 1)])];
    const after = mergeEntry(before, entry('start', 'b', [row('slimnet', 1)]));
    expect(outline(after)).toEqual([
      ['throughput', 'a', ['slimnet/1']],
      ['start', 'b', ['slimnet/1']],
    ]);
  });

  test('takes the place of the same measurement', () => {
    const before = [entry('start', 'a', [row('slimnet', 1), row('peer', 1)])];
    const after = mergeEntry(before, entry('start', 'b', [row('slimnet', 1), row('peer', 1)]));
    expect(outline(after)).toEqual([['start', 'b', ['slimnet/1', 'peer/1']]]);
  });

  test('keeps peers that were not measured again, with the figures of slimnet that were taken beside them', () => {
    const before = [entry('start', 'a', [row('slimnet', 1, 5), row('peer', 1), row('other', 1)])];
    const after = mergeEntry(before, entry('start', 'b', [row('slimnet', 1, 6), row('peer', 1)]));
    expect(outline(after)).toEqual([
      ['start', 'a', ['slimnet/1', 'other/1']],
      ['start', 'b', ['slimnet/1', 'peer/1']],
    ]);
    expect(after[0].rows[0].metrics.imagesPerSecond).toEqual([5]);
  });

  test('keeps cases that were not measured again', () => {
    const before = [entry('start', 'a', [row('slimnet', 1), row('slimnet', 32), row('peer', 32)])];
    const after = mergeEntry(before, entry('start', 'b', [row('slimnet', 1)]));
    expect(outline(after)).toEqual([
      ['start', 'a', ['slimnet/32', 'peer/32']],
      ['start', 'b', ['slimnet/1']],
    ]);
  });

  test('does not mind in which order the parts of a case are written', () => {
    const swapped = { ...row('slimnet', 1), group: { batch: 1, network: 'n' } };
    const after = mergeEntry([entry('start', 'a', [row('slimnet', 1)])], entry('start', 'b', [swapped]));
    expect(outline(after)).toEqual([['start', 'b', ['slimnet/1']]]);
  });
});

describe('result files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-results-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('are one a day and machine, and come back joined by machine with the newest first', () => {
    const other = { ...machine, cpu: 'Other' };
    writeEntry(folder, machine, entry('start', 'a', [row('slimnet', 1)]));
    writeEntry(folder, machine, entry('memory', 'a', [row('slimnet', 1)]));
    writeEntry(folder, other, entry('start', 'b', [row('slimnet', 1)], '2026-01-02'));
    writeEntry(folder, machine, entry('start', 'c', [row('slimnet', 1)], '2026-01-03'));
    expect(readdirSync(folder).sort()).toEqual([
      '2026-01-01_some-6-1-2-cores.json',
      '2026-01-02_other-6-1-2-cores.json',
      '2026-01-03_some-6-1-2-cores.json',
    ]);
    const [first, second] = byMachine(readResults(folder));
    expect(first?.machine.cpu).toBe('Some(R) CPU');
    expect(outline(first?.entries)).toEqual([
      ['memory', 'a', ['slimnet/1']],
      ['start', 'c', ['slimnet/1']],
    ]);
    expect(second?.machine.cpu).toBe('Other');
  });

  test('of this repository can be read', () => {
    const machines = byMachine(readResults(join(__dirname, '../../../bench/results')));
    expect(machines.length).toBeGreaterThan(0);
    for (const { entries } of machines) {
      for (const { measurement, date, rows } of entries) {
        expect(measurement).toMatch(/^[a-z]+$/);
        expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
        for (const { metrics, unavailable } of rows) expect(metrics ?? unavailable).toBeDefined();
      }
    }
  });
});
