import sharp from 'sharp';
import { decades, scale, ticks } from '../../../bench/report/axis.mjs';
import { bars } from '../../../bench/report/bars.mjs';
import { lines } from '../../../bench/report/lines.mjs';

/** Rendering reads the XML strictly. @returns width and height */
async function render(svg: string) {
  expect(svg).not.toMatch(/NaN|Infinity|undefined|null/);
  const { info } = await sharp(Buffer.from(svg)).png().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height };
}

const bar = (label: string, value: number, low = value, high = value) => ({
  label,
  value,
  low,
  high,
  text: `${value}`,
  accent: label === 'slimnet',
});

/** Places of the rects and lines of a drawing along one axis. */
const numbers = (svg: string, attribute: string) =>
  [...svg.matchAll(new RegExp(` ${attribute}="(-?[\\d.]+)"`, 'g'))].map((match) => Number(match[1]));

describe('axes', () => {
  test('have round ticks from zero to beyond the largest value', () => {
    expect(ticks(9.4)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks(0.3)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(ticks(1200)).toEqual([0, 500, 1000, 1500]);
    expect(ticks(0)).toEqual([0, 1]);
    for (const largest of [1e-9, 0.7, 33, 1e12]) expect(ticks(largest).at(-1)).toBeGreaterThanOrEqual(largest);
  });

  test('of powers of ten enclose all values, and are more than one point', () => {
    expect(decades(0.3, 1485)).toEqual([0.1, 1, 10, 100, 1000, 10000]);
    expect(decades(10, 10)).toEqual([10, 100]);
  });

  test('map their ends onto the ends of the drawing', () => {
    expect(scale([0, 5, 10], 100, 200)(5)).toBe(150);
    expect(scale([1, 10, 100], 0, 200, true)(10)).toBeCloseTo(100);
  });
});

describe('a plot of bars', () => {
  test('is XML that can be drawn, also with names that XML has signs for, and with zeros', async () => {
    const groups = [
      { label: 'batch <1> & "more"', bars: [bar('slimnet', 0), bar("peer's <best>", 0)] },
      { label: '', bars: [bar('slimnet', 3, 2, 5)] },
    ];
    expect((await render(bars({ title: 'a < b & c', unit: 'images/s', groups }))).width).toBe(760);
  });

  test('keeps all within the drawing', async () => {
    const svg = bars({
      title: 't',
      unit: 'ms',
      groups: [{ label: 'g', bars: [bar('slimnet', 1), bar('a peer with a long name', 999, 998, 1999)] }],
    });
    for (const x of [...numbers(svg, 'x'), ...numbers(svg, 'x1'), ...numbers(svg, 'x2')]) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(760);
    }
  });

  test('names its unit', () => {
    expect(bars({ title: 't', unit: 'images/s', groups: [{ label: '', bars: [bar('a', 1)] }] })).toContain(
      '>images/s<',
    );
  });

  test('refuses a value that cannot be drawn', () => {
    const groups = [{ label: '', bars: [bar('a', Number.NaN)] }];
    expect(() => bars({ title: 't', unit: 'ms', groups })).toThrow('NaN');
  });
});

describe('a plot of lines', () => {
  test('is XML that can be drawn, over numbers and over places', async () => {
    const points = [
      [0, 10],
      [5000, 30],
    ];
    const series = ['a', 'b', 'c', 'd', 'e', 'f'].map((label) => ({
      label: `${label} with a rather long name`,
      points,
    }));
    await render(lines({ title: 't', x: 'images', y: 'MiB', series }));
    await render(lines({ title: 't', x: 'percentile', y: 'ms', series, ordinal: true, log: true }));
  });

  test('with powers of ten leaves out what has no logarithm', async () => {
    const points = [
      [50, 0],
      [99, 4],
    ];
    await render(lines({ title: 't', x: 'x', y: 'y', series: [{ label: 'a', points }], log: true, ordinal: true }));
  });

  test('names both axes', () => {
    const svg = lines({ title: 't', x: 'images', y: 'MiB', series: [{ label: 'a', points: [[1, 1]] }] });
    expect(svg).toContain('>images<');
    expect(svg).toContain('>MiB<');
  });

  test('refuses more lines than it has colours for', () => {
    const series = Array.from({ length: 7 }, (_, i) => ({ label: `${i}`, points: [[1, 1]] }));
    expect(() => lines({ title: 't', x: 'x', y: 'y', series })).toThrow('at most 6');
  });
});
