import { Cancellation, type SignalListeners } from '../runtime/session/cancellation.js';

/** What is done with a list, piece by piece. */
export interface PieceWork<T, R> {
  /** Items of a piece; the last one may be smaller. */
  readonly pieceSize: number;
  /** Pieces that are begun at most: two, one that runs and one that is made ready meanwhile, for each that runs at once. */
  readonly piecesAhead: number;
  /** Begins a piece. What it throws at once ends the work before another is begun. */
  readonly begin: (items: readonly T[], first: boolean, signal: AbortSignal) => Promise<R>;
  readonly signal?: AbortSignal | undefined;
  /** Who else listens to signals that calls may share. */
  readonly signals: SignalListeners;
}

/**
 * Works through a list of any length with a few pieces of it at a time: memory stays bounded, and a piece that ends leaves one
 * that is ready.
 * @returns the results of the pieces in their order
 * @throws what the earliest piece throws, the signal's reason when aborted; the others are stopped, and waited for
 */
export async function* inPieces<T, R>(items: readonly T[], work: PieceWork<T, R>): AsyncGenerator<R> {
  const stop = new AbortController();
  const cancellation = new Cancellation(work.signal, undefined, work.signals);
  cancellation.onCancel(() => stop.abort(cancellation.reason));
  const begun: Promise<R>[] = [];
  let taken = 0;
  const begin = () => {
    while (begun.length < work.piecesAhead && taken < items.length) {
      const from = taken;
      taken += work.pieceSize;
      const piece = work.begin(items.slice(from, taken), from === 0, stop.signal);
      // A failure is reported when its turn comes, and must not go unhandled until then.
      piece.catch(() => {});
      begun.push(piece);
    }
  };
  try {
    begin();
    while (begun.length > 0) {
      const result = await (begun[0] as Promise<R>);
      begun.shift();
      begin();
      yield result;
    }
  } finally {
    cancellation.end();
    if (begun.length > 0) stop.abort();
    await Promise.allSettled(begun);
  }
}
