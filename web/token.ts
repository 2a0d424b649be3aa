/** The token of servers that want one: kept for this tab, and nowhere else. */
import { element } from './elements.js';

const key = 'slimnet-token';
const form = element('form', 'token-form');
const field = element('input', 'token');

export function token(): string | undefined {
  return sessionStorage.getItem(key) ?? undefined;
}

export function onToken(take: () => void): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    sessionStorage.setItem(key, field.value.trim());
    field.value = '';
    take();
  });
}

/** Asks for a token, or does so no more. */
export function askForToken(asking: boolean): void {
  if (asking) sessionStorage.removeItem(key);
  const before = form.hidden;
  form.hidden = !asking;
  if (asking && before) field.focus();
}
