/** The side of a worker: one of several processes that serve the same models at the same port. */
import cluster from 'node:cluster';
import { isSlimnetError } from '../../errors.js';
import { RequestError, refusalOf } from '../protocol/index.js';
import { type Answer, isMessage, type Question, type ToMain, type ToWorker } from './messages.js';

/** What a worker knows of the others. */
export interface Siblings {
  /** It takes the place of a worker that has ended: the others answer meanwhile. */
  readonly replaces: boolean;
  /** Aborted when the main process says that it shall stop. */
  readonly signal: AbortSignal;
  /** Whether all workers have been ready: until then none says that it is. */
  open(): boolean;
  /** Tells the main process that this worker listens, where, and whether its models are ready. */
  report(ready: boolean, addresses: string): void;
  /** Asks all workers, this one included. @throws RequestError of the first that refuses */
  ask(question: Question): Promise<unknown>;
  /** Says how this worker answers. */
  onQuestion(answer: (question: Question) => Promise<unknown>): void;
}

/** Environment of a worker that takes the place of another. */
export const replacesVariable = 'SLIMNET_REPLACES_WORKER';

/** null in a process that is no worker. */
export function siblings(): Siblings | null {
  if (!cluster.isWorker) return null;
  const stop = new AbortController();
  const waiting = new Map<number, (answer: Answer) => void>();
  let [isOpen, last] = [false, 0];
  let respond = async (_: Question): Promise<unknown> => null;
  // The main process may be gone: then this one is told to end, too.
  const send = (message: ToMain) => void process.send?.(message, undefined, {}, () => {});
  process.on('message', (message: ToWorker | unknown) => {
    if (!isMessage(message)) return;
    const told = message as ToWorker;
    switch (told.slimnet) {
      case 'stop':
        stop.abort('SIGTERM');
        break;
      case 'open':
        isOpen = true;
        break;
      case 'answer':
        waiting.get(told.number)?.(told.answer);
        waiting.delete(told.number);
        break;
      case 'question':
        void answerOf(() => respond(told.question)).then((answer) =>
          send({ slimnet: 'answer', number: told.number, answer }),
        );
        break;
    }
  });
  return {
    replaces: process.env[replacesVariable] !== undefined,
    signal: stop.signal,
    open: () => isOpen,
    report: (ready, addresses) => send({ slimnet: 'state', ready, addresses }),
    ask: async (question) => {
      const number = ++last;
      const answer = await new Promise<Answer>((resolve) => {
        waiting.set(number, resolve);
        send({ slimnet: 'ask', number, question });
      });
      if ('value' in answer) return answer.value;
      const { reason, message, retryAfterMs } = answer;
      throw new RequestError(reason, message, retryAfterMs === undefined ? {} : { retryAfterMs });
    },
    onQuestion: (answer) => {
      respond = answer;
    },
  };
}

async function answerOf(work: () => Promise<unknown>): Promise<Answer> {
  try {
    return { value: (await work()) ?? null };
  } catch (error) {
    const { reason, message, retryAfterMs } = refusalOf(error);
    return { reason, message, ...(isSlimnetError(error) && retryAfterMs !== undefined ? { retryAfterMs } : {}) };
  }
}
