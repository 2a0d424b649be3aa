import { getEventListeners } from 'node:events';
import { Cancellation, SignalListeners } from '../../../../lib/runtime/session/cancellation.js';

describe('a cancellation', () => {
  it('throws the reason of a signal that is aborted already', () => {
    expect(() => new Cancellation(AbortSignal.abort('gone'))).toThrow('gone');
  });

  it('passes the reason of its signal on', async () => {
    const controller = new AbortController();
    const cancellation = new Cancellation(controller.signal);
    const waiting = cancellation.race(new Promise<void>(() => {}));
    controller.abort(new RangeError('why'));
    await expect(waiting).rejects.toThrow(RangeError);
    expect(() => cancellation.throwIfCancelled()).toThrow('why');
  });

  it('keeps the first of several reasons', () => {
    const cancellation = new Cancellation();
    cancellation.cancel('first');
    cancellation.cancel('second');
    expect(cancellation.reason).toBe('first');
  });

  it('calls each listener once, also one that comes late', () => {
    const cancellation = new Cancellation();
    const calls: string[] = [];
    cancellation.onCancel(() => calls.push('early'));
    cancellation.cancel(undefined);
    cancellation.cancel(undefined);
    cancellation.onCancel(() => calls.push('late'));
    expect(calls).toEqual(['early', 'late']);
  });

  it('ends after its time limit with ERR_ABORTED', async () => {
    const cancellation = new Cancellation(undefined, 5);
    await expect(cancellation.race(new Promise<void>(() => {}))).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    cancellation.end();
  });

  it('gives the value of what it waits for when nothing is cancelled', async () => {
    await expect(new Cancellation().race(Promise.resolve(5))).resolves.toBe(5);
    await expect(new Cancellation().race(Promise.reject(new Error('own')))).rejects.toThrow('own');
  });

  it('lets go of its signal', () => {
    const { signal } = new AbortController();
    const cancellation = new Cancellation(signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    cancellation.end();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('shares one listener with all that follow the same signal', () => {
    const controller = new AbortController();
    const signals = new SignalListeners();
    const all = Array.from({ length: 20 }, () => new Cancellation(controller.signal, undefined, signals));
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    all[0]?.end();
    controller.abort('over');
    expect(all.map((cancellation) => cancellation.cancelled)).toEqual([false, ...new Array(19).fill(true)]);
    for (const cancellation of all) cancellation.end();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });
});
