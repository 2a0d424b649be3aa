/** An outline drawn from top to bottom: scopes as boxes, layers as lines of text in them, shortcuts as arcs beside them. */
import { printable } from '../io.js';
import { type Group, type Item, isGroup, type Layer, type Outline } from './outline.js';

const size = { layer: 300, line: 44, gap: 18, padding: 14, title: 26, side: 46, margin: 24, head: 64 } as const;

const colours = {
  text: '#1f2933',
  faint: '#5f6c7b',
  arrow: '#52606d',
  arc: '#c2410c',
  scopes: ['#f5f7fa', '#e6edf5', '#fbfcfe'],
  border: '#b6c2cf',
} as const;

/** What a layer looks like, by its main op. */
const fills: Readonly<Record<string, string>> = {
  conv2d: '#d3e3fd',
  matmul: '#dcd3fd',
  max_pool2d: '#cdeede',
  avg_pool2d: '#cdeede',
  reduce_mean: '#cdeede',
  add: '#ffe0c2',
  softmax: '#f9d3e4',
  input: '#ffffff',
};
const otherFill = '#e4e7eb';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A drawing under construction; the middle of the main column is at x = 0. */
class Drawing {
  readonly shapes: string[] = [];
  /** Where each layer stands, by number; a repeated one where the first of its kind stands. */
  readonly boxes = new Map<number, Box>();
  /** Layers beside the main column. */
  readonly aside = new Set<number>();

  add(shape: string): void {
    this.shapes.push(shape);
  }
}

/** One or several scopes in a row that look the same. */
interface Run {
  readonly item: Item;
  readonly title: string;
  readonly others: readonly Item[];
}

/** The drawing of an outline as the text of an SVG file. */
export function graphSvg(outline: Outline, title: string): string {
  const drawing = new Drawing();
  const { bottom, left, right } = stack(drawing, outline, outline.items, 0, 0);
  drawEdges(drawing, outline);
  const width = right - left + 2 * size.margin;
  const height = bottom + size.head + size.margin;
  const total = outline.items.reduce((sum, item) => sum + item.parameters, 0);
  const macs = outline.items.reduce((sum, item) => sum + item.macs, 0);
  const subtitle = `${total.toLocaleString('en-US')} parameters, ${short(macs)} multiply-accumulates an image`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif">`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="context-stroke"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(size.margin, 30, title, 18, colours.text, 'bold'),
    text(size.margin, 50, subtitle, 12, colours.faint),
    `<g transform="translate(${size.margin - left} ${size.head})">`,
    ...drawing.shapes,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

interface Extent {
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Draws items below each other, and those that lie on no longest way beside them. */
function stack(drawing: Drawing, outline: Outline, items: readonly Item[], top: number, level: number): Extent {
  const runs = runsOf(items);
  const main = longestWay(runs, outline);
  let y = top;
  let left = -size.layer / 2;
  let right = size.layer / 2;
  const beside: Run[] = [];
  for (const run of runs) {
    if (!main.has(run.item)) {
      beside.push(run);
      continue;
    }
    if (y > top) y += size.gap;
    const extent = draw(drawing, outline, run, 0, y, level);
    y = extent.bottom;
    left = Math.min(left, extent.left);
    right = Math.max(right, extent.right);
  }
  const x = size.layer + size.side;
  let free = top;
  for (const run of beside) {
    const height = isGroup(run.item) ? 0 : size.line;
    const reader = readersOf(run.item, outline).map((id) => drawing.boxes.get(id)?.y ?? y);
    const above = Math.min(y, ...reader);
    const at = Math.max(free, top + (above - top) / 2 - height / 2);
    const extent = draw(drawing, outline, run, x, at, level);
    for (const id of run.item.ids) drawing.aside.add(id);
    free = extent.bottom + size.gap;
    right = Math.max(right, extent.right);
    y = Math.max(y, extent.bottom);
  }
  return { bottom: y, left, right };
}

function draw(drawing: Drawing, outline: Outline, run: Run, x: number, y: number, level: number): Extent {
  const extent = isGroup(run.item)
    ? drawGroup(drawing, outline, run as Run & { item: Group }, y, level)
    : drawLayer(drawing, run as Run & { item: Layer }, x, y);
  for (const other of run.others) {
    other.ids.forEach((id, i) => {
      drawing.boxes.set(id, drawing.boxes.get(run.item.ids[i] as number) as Box);
    });
  }
  return extent;
}

function drawLayer(drawing: Drawing, { item, title }: Run & { item: Layer }, x: number, y: number): Extent {
  const [left, right] = [x - size.layer / 2, x + size.layer / 2];
  const fill = item.mainOp === null ? '#ffffff' : (fills[item.mainOp] ?? otherFill);
  drawing.add(rectangle({ x: left, y, width: size.layer, height: size.line }, fill, 6));
  drawing.add(text(left + 10, y + 18, title, 13, colours.text, 'bold'));
  drawing.add(text(right - 10, y + 18, shapeOf(item), 12, colours.text, 'normal', 'end'));
  drawing.add(text(left + 10, y + 35, item.ops, 11, colours.faint));
  if (item.parameters > 0)
    drawing.add(text(right - 10, y + 35, short(item.parameters), 11, colours.faint, 'normal', 'end'));
  for (const id of item.ids) drawing.boxes.set(id, { x: left, y, width: size.layer, height: size.line });
  return { bottom: y + size.line, left, right };
}

function drawGroup(
  drawing: Drawing,
  outline: Outline,
  { item, title }: Run & { item: Group },
  y: number,
  level: number,
): Extent {
  // The frame lies below its content, whose extent must be known first.
  const place = drawing.shapes.length;
  const inner = stack(drawing, outline, item.items, y + size.title + size.padding / 2, level + 1);
  // Arcs run on the left, inside of the innermost frame.
  const arcs = item.items.some(isGroup) ? 0 : size.side - size.padding;
  const left = inner.left - size.padding - arcs;
  const right = inner.right + size.padding;
  const bottom = inner.bottom + size.padding;
  const facts = `${short(item.parameters)} parameters`;
  const fill = colours.scopes[level % colours.scopes.length] as string;
  drawing.shapes.splice(
    place,
    0,
    rectangle({ x: left, y, width: right - left, height: bottom - y }, fill, 10),
    text(left + 12 + arcs, y + 19, title, 14, colours.text, 'bold'),
    text(right - 12, y + 19, facts, 12, colours.faint, 'normal', 'end'),
  );
  return { bottom, left, right };
}

/** Scopes that follow each other and look the same, as one. */
function runsOf(items: readonly Item[]): Run[] {
  const runs: { item: Item; others: Item[] }[] = [];
  for (const item of items) {
    const before = runs.at(-1);
    if (before !== undefined && isRepeatable(item) && look(before.item) === look(item)) before.others.push(item);
    else runs.push({ item, others: [] });
  }
  return runs.map(({ item, others }) => ({ item, others, title: titleOf(item.name, others) }));
}

/** `unit_2 … 5  ×4`. */
function titleOf(name: string, others: readonly Item[]): string {
  const last = others.at(-1)?.name;
  if (last === undefined) return name;
  const number = /\d+$/.exec(last)?.[0];
  const isNumbered = number !== undefined && name.replace(/\d+$/, '') === last.slice(0, -number.length);
  return `${name} \u2026 ${isNumbered ? number : last}  \u00d7${others.length + 1}`;
}

const isRepeatable = (item: Item) => isGroup(item) || item.mainOp === null;

/** Everything that is drawn of an item but its name. */
function look(item: Item): string {
  const inner = isGroup(item) ? item.items.map((child) => `${child.name} ${look(child)}`) : [item.ops];
  return JSON.stringify([item.shape, item.parameters, item.macs, inner]);
}

/** The items on the longest way through a scope. */
function longestWay(runs: readonly Run[], { edges }: Outline): Set<Item> {
  const items = runs.map(({ item }) => item);
  const owner = new Map(
    runs.flatMap(({ item, others }) => [item, ...others].flatMap(({ ids }) => ids.map((id) => [id, item] as const))),
  );
  const before = new Map<Item, Set<Item>>(items.map((item) => [item, new Set()]));
  for (const [from, to] of edges) {
    const [source, target] = [owner.get(from), owner.get(to)];
    if (source !== undefined && target !== undefined && source !== target) before.get(target)?.add(source);
  }
  // The weight of a way is the number of layers on it; items come in an order in which nothing reads what comes later.
  const length = new Map<Item, number>();
  const previous = new Map<Item, Item>();
  for (const item of items) {
    let longest = 0;
    for (const source of before.get(item) as Set<Item>) {
      if ((length.get(source) ?? 0) <= longest) continue;
      longest = length.get(source) as number;
      previous.set(item, source);
    }
    length.set(item, longest + item.ids.length);
  }
  const way = new Set<Item>();
  const ends = [...length].sort((a, b) => b[1] - a[1]);
  for (let item = ends[0]?.[0]; item !== undefined; item = previous.get(item)) way.add(item);
  // What is joined to the others by nothing, or is a scope of its own, has its place in the column as well.
  for (const item of items) if (isGroup(item)) way.add(item);
  return way;
}

function readersOf(item: Item, { edges }: Outline): number[] {
  return edges.filter(([from, to]) => item.ids.includes(from) && !item.ids.includes(to)).map(([, to]) => to);
}

function drawEdges(drawing: Drawing, { edges }: Outline): void {
  const column = [...new Set([...drawing.boxes].filter(([id]) => !drawing.aside.has(id)).map(([, box]) => box))].sort(
    (a, b) => a.y - b.y,
  );
  const place = new Map(column.map((box, i) => [box, i]));
  const drawn = new Set<string>();
  for (const [from, to] of edges) {
    const [a, b] = [drawing.boxes.get(from), drawing.boxes.get(to)] as [Box, Box];
    // Between the repetitions of a scope arrows would lead upwards: they are not drawn.
    if (a === b || a.y >= b.y) continue;
    const key = `${a.x} ${a.y} ${b.x} ${b.y}`;
    if (drawn.has(key)) continue;
    drawn.add(key);
    const next = place.has(a) && place.has(b) && (place.get(b) as number) - (place.get(a) as number) === 1;
    drawing.add(
      next ? arrow(a, b) : drawing.aside.has(from) ? rejoin(a, b) : drawing.aside.has(to) ? branch(a, b) : arc(a, b),
    );
  }
}

const middle = ({ x, width }: Box) => x + width / 2;

function arrow(a: Box, b: Box): string {
  return path(`M${middle(a)} ${a.y + a.height}V${b.y - 1}`, colours.arrow);
}

/** From the main column to a layer beside it. */
function branch(a: Box, b: Box): string {
  const y = a.y + 0.75 * a.height;
  return path(`M${a.x + a.width} ${y}C${middle(b)} ${y} ${middle(b)} ${y} ${middle(b)} ${b.y - 1}`, colours.arc);
}

/** And back. */
function rejoin(a: Box, b: Box): string {
  const y = b.y + 0.4 * b.height;
  return path(
    `M${middle(a)} ${a.y + a.height}C${middle(a)} ${y} ${middle(a)} ${y} ${b.x + b.width + 1} ${y}`,
    colours.arc,
  );
}

/** Around what lies between. */
function arc(a: Box, b: Box): string {
  const [from, to] = [a.y + a.height / 2, b.y + b.height / 2];
  const out = a.x - (size.side - size.padding) * 1.15;
  return path(`M${a.x} ${from}C${out} ${from + 10} ${out} ${to - 10} ${b.x - 1} ${to}`, colours.arc);
}

function path(d: string, stroke: string): string {
  return `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="1.6" marker-end="url(#tip)"/>`;
}

function rectangle({ x, y, width, height }: Box, fill: string, radius: number): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${fill}" stroke="${colours.border}"/>`;
}

function text(
  x: number,
  y: number,
  content: string,
  fontSize: number,
  fill: string,
  weight = 'normal',
  anchor = 'start',
): string {
  const attributes = [
    weight === 'normal' ? '' : ` font-weight="${weight}"`,
    anchor === 'start' ? '' : ` text-anchor="${anchor}"`,
  ];
  return `<text x="${x}" y="${y}" font-size="${fontSize}" fill="${fill}"${attributes.join('')}>${escaped(printable(content))}</text>`;
}

function escaped(content: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return content.replace(/[&<>"]/g, (character) => entities[character] as string);
}

/** The shape of one image's share. */
function shapeOf({ shape }: Item): string {
  return shape.slice(1).join(' \u00d7 ');
}

/** `25.6 M`. */
function short(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)));
  const scaled = value / 1000 ** unit;
  const digits = unit === 0 ? 0 : scaled < 10 ? 2 : scaled < 100 ? 1 : 0;
  return `${scaled.toFixed(digits)}${units[unit]}`;
}
