// The little of SVG that the plots need. Colours follow the reader's scheme, on a ground of their own.

const light = ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#bf3989', '#9a6700'];
const dark = ['#4493f8', '#f0883e', '#3fb950', '#ab7df8', '#db61a2', '#d29922'];
const lineStyles = (colours) =>
  colours.map((c, i) => `.line${i}{stroke:${c};fill:none;stroke-width:2}.dot${i}{fill:${c}}`).join('\n');

const style = `
.ground{fill:#ffffff}.halo{paint-order:stroke;stroke:#ffffff;stroke-width:5}.text{fill:#1f2328}.quiet{fill:#59636e}.grid{stroke:#d1d9e0;stroke-width:1}
.range{stroke:#1f2328;stroke-width:1.5}.bar0{fill:#0969da}.bar1{fill:#afb8c1}
${lineStyles(light)}
@media (prefers-color-scheme:dark){
.ground{fill:#0d1117}.halo{stroke:#0d1117}.text{fill:#f0f6fc}.quiet{fill:#9198a1}.grid{stroke:#3d444d}
.range{stroke:#f0f6fc}.bar0{fill:#4493f8}.bar1{fill:#656c76}
${lineStyles(dark)}}
text{font-family:system-ui,'DejaVu Sans',sans-serif;font-size:12px}.title{font-size:14px;font-weight:600}`;

/** How many series a plot of lines tells apart. */
export const lineColours = light.length;

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
export const escapeXml = (text) => String(text).replace(/[&<>"']/g, (c) => entities[c]);

/** A number in a drawing: finite, with at most two decimals. */
export function number(value) {
  if (!Number.isFinite(value)) throw new Error(`A plot cannot show ${value}.`);
  return String(Math.round(value * 100) / 100);
}

const attributes = (object) =>
  Object.entries(object)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? number(value) : escapeXml(value)}"`)
    .join('');

/** An element without content. */
export const element = (name, values) => `<${name}${attributes(values)}/>`;

/** A line of text at a point. */
export const text = (x, y, content, more = {}) =>
  `<text${attributes({ x, y, class: 'text', ...more })}>${escapeXml(content)}</text>`;

/** Width of a text of 12 pixels, roughly. */
export const widthOf = (content) => 6.8 * String(content).length;

/** A whole drawing. */
export function drawing(width, height, title, content) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${number(width)} ${number(height)}" width="${number(width)}" height="${number(height)}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${style}</style>`,
    element('rect', { width, height, rx: 6, class: 'ground' }),
    text(16, 26, title, { class: 'text title' }),
    ...content,
    '</svg>',
    '',
  ].join('\n');
}
