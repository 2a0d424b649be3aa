/** What all pages that slimnet writes have in common: one file, which needs no network and runs no script unless it has charts. */
import { escaped } from './html.js';

/** A page. */
export interface Page {
  readonly title: string;
  /** HTML, one after another; empty ones are left out. */
  readonly sections: readonly string[];
  /** Version of slimnet. */
  readonly version: string;
  /** More rules of style. */
  readonly style?: string;
  /** HTML at the end of the body. */
  readonly scripts?: string;
}

/** @returns HTML, with all that it needs in it */
export function page({ title, sections, version, style = '', scripts = '' }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}${pageStyle}</style>
</head>
<body>
${sections.filter((text) => text !== '').join('\n')}
<p class="soft">Made by slimnet ${escaped(version)}.</p>
${scripts}
</body>
</html>
`;
}

/** The head of a page. @param about one line below the title */
export function heading(title: string, about: string): string {
  return `<h1>${escaped(title)}</h1>\n<p class="soft">${escaped(about)}</p>`;
}

export function section(title: string, content: string): string {
  return `<section><h2>${escaped(title)}</h2>\n${content}</section>`;
}

/** Numbers that one should see first, with what they are. */
export function figureRow(figures: readonly (readonly [value: string, what: string])[]): string {
  return `<div class="figures">${figures.map(([value, what]) => `<div><b>${escaped(value)}</b>${escaped(what)}</div>`).join('')}</div>`;
}

/** @param texts columns that hold text instead of numbers */
export function table(
  head: readonly string[],
  rows: readonly (readonly unknown[])[],
  texts: readonly number[],
): string {
  const row = (cells: readonly unknown[], tag: string) =>
    `<tr>${cells.map((cell, i) => `<${tag}${texts.includes(i) ? ' class="text"' : ''}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<div class="scroll"><table>${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table></div>`;
}

/** Whether a text is the data URL of a picture, and nothing but that. */
export function isPicture(url: string | undefined): url is string {
  return url !== undefined && /^data:image\/(jpeg|png|webp);base64,[A-Za-z0-9+/=]+$/.test(url);
}

const pageStyle = `
:root { color-scheme: light dark; --line: #00000020; --ink: #222; --soft: #666; --paper: #fff; --fill: #f4f6f8; }
@media (prefers-color-scheme: dark) { :root { --line: #ffffff28; --ink: #ddd; --soft: #999; --paper: #181a1d; --fill: #22262b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1100px; padding: 24px; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 36px 0 10px; } p { margin: 6px 0; }
.soft { color: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 18px 0; }
.figures div { background: var(--fill); border-radius: 8px; padding: 10px 16px; }
.figures b { display: block; font-size: 22px; font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); gap: 20px; }
.charts h3 { font-size: 15px; margin: 0 0 4px; } .charts > div { min-width: 0; }
pre { background: var(--fill); border-radius: 8px; padding: 12px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 10px; border-bottom: 1px solid var(--line); text-align: right; }
td { white-space: nowrap; }
th:first-child, td:first-child, .text { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 80px; }
th { font-weight: 600; color: var(--soft); vertical-align: bottom; }
.confusion td, .confusion th { border: 1px solid var(--line); padding: 3px 7px; text-align: center; }
.confusion th.row { text-align: right; } .confusion th.column { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 14px; }
.mistakes figure { margin: 0; } .mistakes img, .mistakes .none { width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--fill); border-radius: 6px; }
.mistakes .none { display: grid; place-items: center; color: var(--soft); }
figcaption { font-size: 13px; line-height: 1.35; overflow-wrap: anywhere; margin-top: 4px; }
.hbars { display: grid; grid-template-columns: max-content 1fr max-content; gap: 5px 12px; align-items: center; font-variant-numeric: tabular-nums; }
.hbar i { display: block; height: 16px; border-radius: 4px; background: #2266bb; min-width: 1px; } .hname { max-width: 46ch; overflow-wrap: anywhere; } .htext { text-align: right; }
.u-legend { font-size: 12px; }
`;
