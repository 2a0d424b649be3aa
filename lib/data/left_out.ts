/** Why a file that was found is not taken as an image. */
export type LeftOutReason =
  | 'no image'
  | 'camera raw'
  | 'hidden'
  | 'device or pipe'
  | 'broken link'
  | 'taken already'
  | 'in no class folder';

const shownDetails = 5;

/** Files that were left out, counted by reason. */
export class LeftOut {
  readonly #counts = new Map<LeftOutReason, Map<string, number>>();

  /** @param detail what is told apart within a reason, such as the extension */
  add(reason: LeftOutReason, detail = '', count = 1): void {
    const details = this.#counts.get(reason) ?? new Map<string, number>();
    details.set(detail, (details.get(detail) ?? 0) + count);
    this.#counts.set(reason, details);
  }

  addAll(other: LeftOut): void {
    for (const [reason, details] of other.#counts)
      for (const [detail, count] of details) this.add(reason, detail, count);
  }

  has(reason: LeftOutReason): boolean {
    return this.#counts.has(reason);
  }

  get count(): number {
    return [...this.#counts.values()].reduce((sum, details) => sum + total(details), 0);
  }

  /** As `4 files left out: 3 no image (2 .txt, 1 .heic), 1 hidden`. */
  toString(): string {
    const parts = [...this.#counts].map(([reason, details]) => `${total(details)} ${reason}${listed(details)}`);
    return `${this.count} ${this.count === 1 ? 'file' : 'files'} left out: ${parts.join(', ')}`;
  }
}

function total(details: ReadonlyMap<string, number>): number {
  return [...details.values()].reduce((sum, count) => sum + count, 0);
}

function listed(details: ReadonlyMap<string, number>): string {
  const named = [...details].filter(([detail]) => detail !== '').sort(([, a], [, b]) => b - a);
  if (named.length === 0) return '';
  const shown = named.slice(0, shownDetails).map(([detail, count]) => `${count} ${detail}`);
  return ` (${[...shown, ...(named.length > shownDetails ? ['others'] : [])].join(', ')})`;
}
