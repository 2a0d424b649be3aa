/** Pictures with what a network makes of them. */
import { escaped, percent } from './html.js';
import { isPicture } from './page.js';

/** A picture, and what a network makes of it. */
export interface PictureCard {
  readonly name: string;
  /** Data URLs: the picture, and what lies over it. */
  readonly picture: string | null;
  readonly overlay?: string;
  /** The most probable classes. */
  readonly predictions: readonly { readonly label: string; readonly probability: number }[];
  /** What it should be, where that is known. */
  readonly truth?: { readonly label: string; readonly right: boolean };
  /** Why there is none of the above. */
  readonly problem?: string;
}

/** @param pixelated pictures of few pixels are shown as they are */
export function pictureCards(cards: readonly PictureCard[], pixelated = false): string {
  return `<div class="cards${pixelated ? ' pixelated' : ''}">${cards.map(card).join('\n')}</div>`;
}

/** What hides and shows all overlays of a page, without a script. */
export function overlaySwitch(what: string): string {
  return `<p><label><input type="checkbox" id="overlays" checked> ${escaped(what)}</label></p>`;
}

function card({ name, picture, overlay, predictions, truth, problem }: PictureCard): string {
  const image = isPicture(picture ?? undefined)
    ? `<img src="${picture}" alt="" loading="lazy">`
    : '<div class="none">no picture</div>';
  const over = isPicture(overlay) ? `<img class="overlay" src="${overlay}" alt="" loading="lazy">` : '';
  const verdict = truth === undefined ? '' : truth.right ? ' right' : ' wrong';
  const mark =
    truth === undefined
      ? ''
      : truth.right
        ? '<span class="mark">&#10003;</span>'
        : `<span class="mark">is ${escaped(truth.label)}</span>`;
  const text = problem === undefined ? predictions.map(bar).join('') : `<p class="problem">${escaped(problem)}</p>`;
  return `<figure class="card${verdict}"><div class="stack">${image}${over}</div>
<figcaption><div class="name" title="${escaped(name)}">${escaped(name)}${mark}</div>${text}</figcaption></figure>`;
}

function bar({ label, probability }: PictureCard['predictions'][number], rank: number): string {
  const width = (100 * Math.max(0, Math.min(1, probability))).toFixed(1);
  return `<div class="bar${rank === 0 ? ' first' : ''}"><i style="width:${width}%"></i><span>${escaped(label)}</span><b>${percent(probability)}</b></div>`;
}

export const cardStyle = `
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(168px, 1fr)); gap: 16px; }
.card { margin: 0; background: var(--fill); border-radius: 10px; overflow: hidden; border: 1px solid var(--line); }
.card.wrong { border-color: #d0611f; } .card.right .mark { color: #3a8f4d; } .card.wrong .mark { color: #d0611f; }
.stack { position: relative; aspect-ratio: 1; } .stack img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
.stack .none { height: 100%; display: grid; place-items: center; color: var(--soft); }
.pixelated .stack img:not(.overlay) { image-rendering: pixelated; }
.stack:has(.overlay) img:not(.overlay) { filter: grayscale(1); } .card:hover .stack img, body:has(#overlays:not(:checked)) .stack img { filter: none !important; }
.overlay { transition: opacity .15s; } .card:hover .overlay { opacity: 0; } body:has(#overlays:not(:checked)) .overlay { display: none; }
.card figcaption { padding: 8px 10px 10px; margin: 0; }
.card .name { display: flex; justify-content: space-between; gap: 8px; font-weight: 600; overflow-wrap: anywhere; margin-bottom: 5px; }
.card .mark { font-weight: 600; white-space: nowrap; }
.bar { position: relative; display: flex; justify-content: space-between; gap: 6px; padding: 1px 6px; margin-top: 3px; border-radius: 4px; background: var(--line); font-size: 12px; overflow: hidden; }
.bar i { position: absolute; inset: 0 auto 0 0; background: #2266bb38; } .bar.first i { background: #2266bb80; }
.bar span, .bar b { position: relative; } .bar span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .bar b { font-weight: 500; font-variant-numeric: tabular-nums; }
.problem { color: #d0611f; font-size: 12px; }
`;
