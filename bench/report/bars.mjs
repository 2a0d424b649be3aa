// Bars with ranges, in groups: longer is more.
import { scale, ticks, tickText } from './axis.mjs';
import { drawing, element, text, widthOf } from './svg.mjs';

const [width, rowHeight, headingHeight, margin] = [760, 24, 26, 16];

/**
 * @param title what is shown
 * @param unit of the axis
 * @param groups `[{ label, bars: [{ label, value, low, high, text, accent }] }]`; low and high are the ends of the range
 * @returns an SVG
 */
export function bars({ title, unit, groups }) {
  const all = groups.flatMap((group) => group.bars);
  const left = margin + Math.max(...all.map(({ label }) => widthOf(label))) + 12;
  const right = width - margin - Math.max(...all.map((bar) => widthOf(bar.text))) - 10;
  const marks = ticks(Math.max(...all.map(({ high, value }) => Math.max(high, value))));
  const x = scale(marks, left, right);
  const content = [];
  let y = 44;
  const top = y;
  const rows = [];
  for (const group of groups) {
    if (group.label !== '') {
      rows.push(text(margin, y + 17, group.label, { class: 'quiet' }));
      y += headingHeight;
    }
    for (const bar of group.bars) {
      const middle = y + rowHeight / 2;
      rows.push(
        text(left - 10, middle + 4, bar.label, { 'text-anchor': 'end' }),
        element('rect', {
          x: left,
          y: y + 4,
          width: x(bar.value) - left,
          height: rowHeight - 8,
          class: bar.accent ? 'bar0' : 'bar1',
        }),
        element('line', { x1: x(bar.low), x2: x(bar.high), y1: middle, y2: middle, class: 'range' }),
        ...[bar.low, bar.high].map((end) =>
          element('line', { x1: x(end), x2: x(end), y1: middle - 4, y2: middle + 4, class: 'range' }),
        ),
        text(Math.max(x(bar.high), x(bar.value)) + 8, middle + 4, bar.text, { class: 'text halo' }),
      );
      y += rowHeight;
    }
    y += 6;
  }
  for (const mark of marks) {
    content.push(
      element('line', { x1: x(mark), x2: x(mark), y1: top, y2: y, class: 'grid' }),
      text(x(mark), y + 16, tickText(mark), { class: 'quiet', 'text-anchor': 'middle' }),
    );
  }
  content.push(...rows, text((left + right) / 2, y + 36, unit, { class: 'quiet', 'text-anchor': 'middle' }));
  return drawing(width, y + 50, title, content);
}
