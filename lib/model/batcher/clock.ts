/** Time for what waits; tests bring one of their own. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Calls `call` once, `ms` from now. @returns takes the call back */
  after(ms: number, call: () => void): () => void;
}

/** The time of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
