// Lines over an axis of numbers, or over named places.
import { decades, scale, ticks, tickText } from './axis.mjs';
import { drawing, element, lineColours, number, text, widthOf } from './svg.mjs';

const [width, height] = [760, 380];
const [left, right, bottom] = [76, width - 24, height - 56];

/** The series' names with their colours, in lines that are no longer than the drawing. */
function legend(series) {
  const content = [];
  let [x, y] = [16, 48];
  for (const [i, { label }] of series.entries()) {
    const needed = 34 + widthOf(label);
    if (x + needed > width) [x, y] = [16, y + 18];
    content.push(
      element('line', { x1: x, x2: x + 18, y1: y - 4, y2: y - 4, class: `line${i}` }),
      text(x + 24, y, label),
    );
    x += needed + 8;
  }
  return { content, top: y + 18 };
}

/**
 * @param title what is shown
 * @param x, y names of the axes, with units
 * @param series at most six: `[{ label, points: [[x, y], ...] }]`
 * @param ordinal the x are names of places, the same for all series, evenly spaced
 * @param log powers of ten on the y axis; it leaves out what is not positive
 * @returns an SVG
 */
export function lines({ title, x: xName, y: yName, series, ordinal = false, log = false }) {
  if (series.length > lineColours)
    throw new Error(`A plot has at most ${lineColours} lines, received ${series.length}.`);
  const shown = series.map(({ label, points }) => ({ label, points: log ? points.filter(([, y]) => y > 0) : points }));
  const points = shown.flatMap((one) => one.points);
  const ys = points.map(([, y]) => y);
  const marksY = log ? decades(Math.min(...ys), Math.max(...ys)) : ticks(Math.max(...ys));
  const names = ordinal ? [...new Set(points.map(([x]) => x))].sort((a, b) => a - b) : null;
  const marksX = names === null ? ticks(Math.max(...points.map(([x]) => x)), 8) : names.map((_, i) => i);
  const { content, top } = legend(shown);
  const x = scale(marksX, left, right);
  const y = scale(marksY, bottom, top, log);
  for (const mark of marksY) {
    content.push(
      element('line', { x1: left, x2: right, y1: y(mark), y2: y(mark), class: 'grid' }),
      text(left - 8, y(mark) + 4, tickText(mark), { class: 'quiet', 'text-anchor': 'end' }),
    );
  }
  for (const mark of marksX) {
    const label = names === null ? tickText(mark) : String(names[mark]);
    // The last label would stand out of the drawing if it were centred.
    const anchor = mark === marksX.at(-1) ? 'end' : 'middle';
    content.push(
      element('line', { x1: x(mark), x2: x(mark), y1: bottom, y2: bottom + 5, class: 'grid' }),
      text(anchor === 'end' ? right : x(mark), bottom + 20, label, { class: 'quiet', 'text-anchor': anchor }),
    );
  }
  for (const [i, one] of shown.entries()) {
    const places = one.points.map(([px, py]) => [x(names === null ? px : names.indexOf(px)), y(py)]);
    content.push(
      element('polyline', { points: places.map((p) => p.map(number).join(',')).join(' '), class: `line${i}` }),
      ...(ordinal ? places.map(([cx, cy]) => element('circle', { cx, cy, r: 3, class: `dot${i}` })) : []),
    );
  }
  content.push(
    text((left + right) / 2, height - 14, xName, { class: 'quiet', 'text-anchor': 'middle' }),
    text(16, (top + bottom) / 2, yName, {
      class: 'quiet',
      'text-anchor': 'middle',
      transform: `rotate(-90 16 ${number((top + bottom) / 2)})`,
    }),
  );
  return drawing(width, height, title, content);
}
