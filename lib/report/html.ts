/** Text for pages. */

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that cannot be taken for markup. */
export function escaped(text: unknown): string {
  return String(text).replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** A value inside a script of a page: no text in it can end the script. */
export function scriptValue(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

/** `87.5 %`; a dash for what is not known. */
export function percent(part: number | null): string {
  return part === null ? '–' : `${(100 * part).toFixed(1)} %`;
}

/** A number in a few digits. */
export function short(value: number | null): string {
  return value === null ? 'not finite' : Number(value.toPrecision(4)).toString();
}

/** `1 h 2 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
