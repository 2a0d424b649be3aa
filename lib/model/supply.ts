/** Items of a piece, as far as there are any. */
export interface Supply<T> {
  /**
   * Items for another piece; null while there are too few of them yet.
   * @param idle nothing is at work: what there is makes a piece
   */
  take(idle: boolean): readonly T[] | null;
  /** All has been taken. */
  readonly ended: boolean;
  /** Why there are no more, where that is a failure. */
  readonly failure: { readonly error: unknown } | null;
  /** Wants to be told when there may be more to take. */
  onMore(listener: () => void): void;
  /** Nothing more will be taken. */
  close(): void;
}

/** The items of a list. */
export function listSupply<T>(items: readonly T[], pieceSize: number): Supply<T> {
  let taken = 0;
  return {
    take() {
      if (taken >= items.length) return null;
      const piece = items.slice(taken, taken + pieceSize);
      taken += piece.length;
      return piece;
    },
    get ended() {
      return taken >= items.length;
    },
    failure: null,
    onMore() {},
    close() {},
  };
}

/**
 * The items of an iterable, asynchronous or not, which is asked for one at a time and never for more than the next piece. A slow one does
 * not hold up what it has given: while nothing is at work, a piece is what has come until the event loop has turned once.
 */
export function streamSupply<T>(source: AsyncIterable<T> | Iterable<T>, pieceSize: number): Supply<T> {
  const iterator: AsyncIterator<T> | Iterator<T> =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let waiting: T[] = [];
  let [asking, finished, closed, settled] = [false, false, false, false];
  let failure: { readonly error: unknown } | null = null;
  let tell = () => {};
  const end = (why: { readonly error: unknown } | null) => {
    finished = true;
    failure = why;
  };
  const ask = () => {
    if (asking || finished || closed || waiting.length >= pieceSize) return;
    asking = true;
    new Promise<IteratorResult<T>>((resolve) => resolve(iterator.next())).then(answer, (error: unknown) => {
      asking = false;
      end({ error });
      tell();
    });
  };
  const answer = ({ done, value }: IteratorResult<T>) => {
    asking = false;
    if (done === true) end(null);
    else waiting.push(value);
    ask();
    if (finished || waiting.length >= pieceSize) return tell();
    if (waiting.length > 1) return;
    settled = false;
    setImmediate(() => {
      settled = true;
      tell();
    });
  };
  return {
    take(idle) {
      const enough = waiting.length >= pieceSize || finished || (idle && settled);
      if (!enough || waiting.length === 0) {
        ask();
        return null;
      }
      const piece = waiting;
      waiting = [];
      ask();
      return piece;
    },
    get ended() {
      return finished && waiting.length === 0;
    },
    get failure() {
      return failure;
    },
    onMore(listener) {
      tell = listener;
    },
    close() {
      closed = true;
      tell = () => {};
      if (finished) return;
      // A generator that is still at work on its next item answers when it is done with that: nobody waits for it.
      new Promise((resolve) => resolve(iterator.return?.())).catch(() => {});
    },
  };
}
