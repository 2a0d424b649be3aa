import { Cancellation, type SignalListeners } from '../runtime/session/cancellation.js';
import { listSupply, streamSupply } from './supply.js';

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
 * Works through items, however many, with a few pieces of them at a time: memory stays bounded, and a piece that ends leaves one
 * that is ready. The pieces of a list are begun without a pause: the first ones at the first call of `next`, before that returns.
 * @param items a list, or an iterable, which is read as the work goes
 * @returns the results of the pieces in their order
 * @throws what the earliest piece throws; then what the iterable throws; the signal's reason when aborted. What was begun is stopped, and
 *   waited for
 */
export async function* inPieces<T, R>(
  items: readonly T[] | AsyncIterable<T> | Iterable<T>,
  work: PieceWork<T, R>,
): AsyncGenerator<R> {
  const stop = new AbortController();
  const supply = Array.isArray(items)
    ? listSupply(items as readonly T[], work.pieceSize)
    : streamSupply(items as AsyncIterable<T> | Iterable<T>, work.pieceSize);
  const cancellation = new Cancellation(work.signal, undefined, work.signals);
  const begun: Piece<R>[] = [];
  let first = true;
  let wake = () => {};
  cancellation.onCancel(() => {
    stop.abort(cancellation.reason);
    wake();
  });
  supply.onMore(() => wake());
  const begin = () => {
    while (begun.length < work.piecesAhead) {
      const taken = supply.take(begun.length === 0);
      if (taken === null) return;
      const piece: Piece<R> = { result: work.begin(taken, first, stop.signal), settled: false };
      first = false;
      const settle = () => {
        piece.settled = true;
        wake();
      };
      // A failure is reported when its turn comes, and must not go unhandled until then.
      piece.result.then(settle, settle);
      begun.push(piece);
    }
  };
  try {
    for (;;) {
      begin();
      const [next] = begun;
      if (next === undefined) {
        cancellation.throwIfCancelled();
        if (supply.ended) break;
      }
      if (next?.settled === true) {
        const result = await next.result;
        begun.shift();
        begin();
        yield result;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    if (supply.failure !== null) throw supply.failure.error;
  } finally {
    supply.close();
    cancellation.end();
    if (begun.length > 0) stop.abort();
    await Promise.allSettled(begun.map(({ result }) => result));
  }
}

/** A piece that was begun. */
interface Piece<R> {
  readonly result: Promise<R>;
  settled: boolean;
}
