/** What the model says of the picture: bars, how long it took, or what went wrong. */
import type { Classification, Prediction } from '../lib/client/index.js';
import { element, made } from './elements.js';

const results = element('section', 'results');
const bars = element('ol', 'bars');
const timing = element('p', 'timing');
const error = element('p', 'error');
const said = element('p', 'said');

const nameOf = ({ index, label }: Prediction) => label ?? `class ${index}`;

function percent(share: number): string {
  if (share < 0.0005) return '< 0.1 %';
  return `${(100 * share).toFixed(share >= 0.0995 && share < 0.9995 ? 0 : 1)} %`;
}

/** A row of a class; none: the place of one that is not known yet. */
function row(prediction?: Prediction): HTMLLIElement {
  const track = made('span', '', 'track');
  if (prediction === undefined) return withChildren(made('li'), made('span', '\u00a0', 'name'), track);
  const fill = made('span', '', 'fill');
  fill.style.setProperty('--share', String(prediction.probability));
  track.append(fill);
  // Names such as ImageNet's are lists of words for one thing: the first one says it.
  const [word, ...others] = nameOf(prediction).split(/(?=, )/);
  const name = withChildren(made('span', word, 'name'), made('span', others.join(''), 'others'));
  return withChildren(made('li'), name, made('span', percent(prediction.probability), 'value'), track);
}

function withChildren<E extends Element>(parent: E, ...children: readonly Element[]): E {
  parent.append(...children);
  return parent;
}

function showRows(rows: readonly HTMLLIElement[], empty: boolean): void {
  bars.replaceChildren(...rows);
  bars.classList.toggle('empty', empty);
  bars.ariaHidden = String(empty);
}

const unknown = () => Array.from({ length: 5 }, () => row());

export function showWaiting(): void {
  results.setAttribute('aria-busy', 'true');
  error.hidden = true;
  timing.textContent = 'asking the model';
}

export function showClasses({ predictions }: Classification, milliseconds: number): void {
  settle();
  showRows(
    predictions.map((prediction) => row(prediction)),
    false,
  );
  timing.textContent = `${Math.round(milliseconds)} ms from sending to answer`;
  const [best] = predictions;
  said.textContent = best === undefined ? '' : `${nameOf(best)}, ${percent(best.probability)}`;
}

export function showError(message: string): void {
  settle();
  showRows([], true);
  timing.textContent = '';
  said.textContent = '';
  error.textContent = message;
  error.hidden = false;
}

/** Nothing is asked and nothing is known. */
export function showNothing(): void {
  settle();
  showRows(unknown(), true);
  error.hidden = true;
  timing.textContent = 'The five most probable classes appear here.';
}

function settle(): void {
  results.setAttribute('aria-busy', 'false');
}
