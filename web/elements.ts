/** The elements of page.html, by their ids. */

/** @throws Error for an id that the page has not: a mistake of this program */
export function element<K extends keyof HTMLElementTagNameMap>(tag: K, id: string): HTMLElementTagNameMap[K] {
  const found = document.getElementById(id);
  if (found === null || found.localName !== tag) throw new Error(`The page has no ${tag} ${id}.`);
  return found as HTMLElementTagNameMap[K];
}

/** A new element with a text. All texts of servers go through here: as text, never as HTML. */
export function made<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = '',
  className = '',
): HTMLElementTagNameMap[K] {
  const one = document.createElement(tag);
  one.textContent = text;
  if (className !== '') one.className = className;
  return one;
}
