/** The models of the server: which there are, and what the chosen one is. */
import type { ModelCard } from '../lib/client/index.js';
import { element, made } from './elements.js';
import { token } from './token.js';

const select = element('select', 'model');

export function onChoice(choose: () => void): void {
  select.addEventListener('change', choose);
}

/** The name of the model that is chosen; empty where there is none. */
export function chosenModel(): string {
  return select.value;
}

/** Offers models; the one that was chosen stays so. */
export function showModels(names: readonly string[]): void {
  const before = select.value;
  select.replaceChildren(...names.map((name) => new Option(name, name, false, name === before)));
  element('div', 'choice').hidden = names.length < 2;
}

export function showCard(name: string, card: ModelCard | null): void {
  const { network, version, input, precision, device, classes, labels } = card ?? {};
  const facts: readonly [string, string | undefined][] = [
    // What can be chosen stands above.
    ['name', select.length > 1 ? undefined : name],
    ['network', network === name ? undefined : network],
    ['version', version],
    ['input', input && `${input.width} × ${input.height} pixels`],
    ['precision', precision],
    ['device', device],
    ['classes', classes === undefined ? undefined : `${classes}${labels === true ? '' : ', without names'}`],
  ];
  element('details', 'shell').hidden = card === null;
  element('code', 'command').textContent = command(name);
  element('dl', 'facts').replaceChildren(
    ...facts.flatMap(([term, value]) => (value === undefined ? [] : [made('dt', term), made('dd', value)])),
  );
}

/** The same from a shell. */
function command(name: string): string {
  const header = token() === undefined ? '' : ' --header "Authorization: Bearer $TOKEN"';
  return `curl --data-binary @photo.jpg${header} ${new URL(`v1/models/${encodeURIComponent(name)}:classify`, location.href)}`;
}
