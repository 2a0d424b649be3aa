import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mostPerSecond, type Profile, perSecondWithin, simulate } from '../../../lib/cli/capacity.js';
import { slimnet } from '../../helpers/cli.js';

/** Each run of one image takes 10 ms. */
const single: Profile = { batches: [{ batch: 1, medianMs: 10, maxMs: 10 }], runs: 10, imageMs: 0 };
/** A batch of n takes 8 + 2n ms. */
const batched: Profile = {
  batches: [1, 2, 4, 8, 16, 32].map((batch) => ({ batch, medianMs: 8 + 2 * batch, maxMs: 8 + 2 * batch })),
  runs: 10,
  imageMs: 0,
};

test.each([0.1, 0.5, 0.8])(
  'without batches the mean wait at a load of %d is that of Pollaczek and Khinchine',
  (load) => {
    const { meanMs, busy, meanBatch } = simulate(single, load * 100);
    // M/D/1: half a service time for each part of the time that is taken, over the part that is not.
    const expected = 10 + (10 * load) / (2 * (1 - load));
    expect(Math.abs(meanMs / expected - 1)).toBeLessThan(0.04);
    expect(Math.abs(busy / load - 1)).toBeLessThan(0.03);
    expect(meanBatch).toBe(1);
  },
);

test('with batches a server takes more than one image at a time could, up to the rate of the largest', () => {
  expect(mostPerSecond(batched)).toBeCloseTo(32_000 / 72, 6);
  const light = simulate(batched, 20);
  expect(light.p50Ms).toBeLessThan(12);
  const heavy = simulate(batched, 350);
  expect(heavy.meanBatch).toBeGreaterThan(8);
  expect(heavy.p99Ms).toBeLessThan(200);
});

test('sizes that were not measured lie between those that were', () => {
  const ends = { ...batched, batches: batched.batches.filter(({ batch }) => batch === 1 || batch === 32) };
  expect(simulate(ends, 250)).toEqual(simulate(batched, 250));
});

test('the rate within a limit is kept, a little more is not, and a longer limit allows more', () => {
  const rates = [30, 60, 120].map((limit) => {
    const rate = perSecondWithin(batched, limit, 1);
    expect(simulate(batched, rate).p99Ms).toBeLessThanOrEqual(limit);
    expect(simulate(batched, rate * 1.1).p99Ms).toBeGreaterThan(limit);
    return rate;
  });
  expect(rates).toEqual([...rates].sort((a, b) => a - b));
  expect(perSecondWithin(batched, 5, 1)).toBe(0);
  expect(perSecondWithin(batched, 10_000, 0.5)).toBeCloseTo(16_000 / 72, 6);
});

test('work of images and the longest of the runs count', () => {
  const slow: Profile = { batches: [{ batch: 1, medianMs: 10, maxMs: 60 }], runs: 10, imageMs: 5 };
  expect(mostPerSecond(slow)).toBeCloseTo(50, 6);
  expect(perSecondWithin(slow, 40, 1)).toBe(0);
});

describe('slimnet plan', () => {
  let folder: string;
  const profile = () => join(folder, 'profile.json');
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'slimnet-plan-'));
    const facts = { model: 'resnet_v1_50', device: 'cpu', precision: 'int8', iterations: 10, results: batched.batches };
    writeFileSync(profile(), JSON.stringify(facts));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('says how many servers a load needs', async () => {
    const { status, out, err } = await slimnet(['plan', '--rps', '2000', '--p99', '60ms', '--profile', profile()]);
    expect(status).toBe(0);
    expect(err).toMatch(/^resnet_v1_50, cpu, int8, of .*profile\.json; at most 444 images\/s a server\n$/);
    const servers = Math.ceil(2000 / perSecondWithin(batched, 60, 0.8));
    expect(out).toMatch(new RegExp(`\\n${servers} servers for 2000 images/s with a p99 of 60 ms\\n$`));
    expect(out.split('\n')[2]).toMatch(/^ *30 /);
  });

  test('as JSON, with what it was computed from', async () => {
    const { out } = await slimnet(['plan', '--rps', '2000', '--p99', '0.06s', '--profile', profile(), '--json']);
    const {
      servers,
      each,
      profile: used,
    } = JSON.parse(out) as {
      servers: number;
      each: { perSecond: number; p99Ms: number };
      profile: Profile;
    };
    expect(each.perSecond * servers).toBeCloseTo(2000, 6);
    expect(each.p99Ms).toBeLessThanOrEqual(60);
    expect(used.batches).toEqual(batched.batches);
  });

  test.each([
    [['--rps', '10', '--p99', '5ms'], 2, /--p99 5 ms cannot be kept: an image that comes alone takes 10\.0 ms/],
    [['--rps', '10', '--p99', 'soon'], 2, /Expected a time such as 50ms/],
    [['--rps', '0', '--p99', '50ms'], 2, /Expected a positive number/],
    [['--rps', '10'], 2, /--p99/],
  ])('%j is refused', async (args, expected, message) => {
    const { status, err } = await slimnet(['plan', ...args, '--profile', profile()]);
    expect({ status, err }).toEqual({ status: expected, err: expect.stringMatching(message) });
  });

  test.each([
    ['{"results": []}', /it has no results/],
    ['[1', /not valid JSON/],
    ['null', /it has no results/],
    ['{"iterations": 3, "results": [{"batch": 1}]}', /a result lacks/],
    ['{"iterations": 3, "results": [{"batch": 8, "medianMs": 1, "maxMs": 1}]}', /batches of one image are missing/],
  ])('a profile of %s is refused', async (text, message) => {
    writeFileSync(join(folder, 'wrong.json'), text);
    const args = ['plan', '--rps', '1', '--p99', '1s', '--profile', join(folder, 'wrong.json')];
    expect(await slimnet(args)).toMatchObject({ status: 1, err: expect.stringMatching(message) });
  });

  test('measures here without a profile', async () => {
    const args = ['plan', '--rps', '10', '--p99', '100s', '-m', 'resnet_18', '--size', '32', '-b', '2'];
    const { status, err } = await slimnet(args);
    expect(status).toBe(0);
    expect(err).toMatch(/^resnet_18, cpu, \w+, measured here; at most \d+ images\/s a server\n/);
  });
});
