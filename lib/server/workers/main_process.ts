/**
 * The main process of a server with workers: it starts them, starts them anew when they end, asks them all what one of them was asked, and stops
 * them. It has no model and answers no request: Node's cluster module shares connections out among the workers.
 */
import cluster, { type Worker } from 'node:cluster';
import { type Answer, isMessage, type Question, type ToMain, type ToWorker } from './messages.js';
import { type MetricJson, WorkerMetrics } from './worker_metrics.js';
import { replacesVariable } from './worker_process.js';

export interface WorkersOptions {
  readonly count: number;
  /** Whether there are metrics. */
  readonly metrics: boolean;
  /** Told of what happens, in words for people. */
  readonly onEvent: (text: string) => void;
  /** Stops the server in order. */
  readonly signal: AbortSignal;
  /** How long a worker may take to stop, before it is killed. */
  readonly stopMs: number;
  /** How long the answer to a question that takes no time may take. */
  readonly answerMs?: number;
}

interface Member {
  readonly worker: Worker;
  readonly began: number;
  /** null: it does not listen yet. */
  ready: boolean | null;
  /** What it was asked and has not answered. */
  readonly asked: Map<number, (answer: Answer | null) => void>;
}

/** Pauses before a worker that ends again and again is started anew: doubled each time. */
const [leastPauseMs, mostPauseMs] = [500, 30_000];
/** A worker that has lived for so long was started well. */
const steadyMs = 60_000;

/**
 * Runs until it is told to stop, or until a worker ends before all have been ready.
 * @returns whether all ended in order
 */
export async function runWorkers(options: WorkersOptions): Promise<boolean> {
  const metrics = options.metrics ? await WorkerMetrics.create() : null;
  return new Workers(options, metrics).run();
}

class Workers {
  readonly #options: WorkersOptions;
  readonly #metrics: WorkerMetrics | null;
  readonly #members = new Set<Member>();
  readonly #ended = resolvable();
  readonly #timers = new Set<NodeJS.Timeout>();
  #open = false;
  #listening = false;
  #stopping = false;
  #inOrder = true;
  #failures = 0;
  #last = 0;

  constructor(options: WorkersOptions, metrics: WorkerMetrics | null) {
    this.#options = options;
    this.#metrics = metrics;
  }

  async run(): Promise<boolean> {
    const { count, signal } = this.#options;
    for (let i = 0; i < count; i++) this.#start(false);
    const stop = () => this.#stop();
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    await this.#ended.promise;
    return this.#inOrder;
  }

  #start(replaces: boolean): void {
    const worker = cluster.fork(replaces ? { [replacesVariable]: '1' } : {});
    const member: Member = { worker, began: performance.now(), ready: null, asked: new Map() };
    this.#members.add(member);
    worker.on('message', (message: unknown) => {
      if (isMessage(message)) this.#hear(member, message as ToMain);
    });
    // Sending to a worker that is just ending: its end is heard by itself.
    worker.on('error', () => {});
    worker.once('exit', (code, by) => this.#gone(member, code, by));
  }

  #hear(member: Member, message: ToMain): void {
    switch (message.slimnet) {
      case 'state':
        if (!this.#listening)
          this.#options.onEvent(`listening at ${message.addresses}, ${this.#options.count} workers`);
        this.#listening = true;
        member.ready = message.ready;
        this.#openWhenReady();
        break;
      case 'answer':
        member.asked.get(message.number)?.(message.answer);
        member.asked.delete(message.number);
        break;
      case 'ask':
        void this.#askAll(message.question).then((answer) =>
          send(member, { slimnet: 'answer', number: message.number, answer }),
        );
        break;
    }
  }

  #openWhenReady(): void {
    const members = [...this.#members];
    if (!this.#open && members.length === this.#options.count && members.every(({ ready }) => ready === true))
      this.#open = true;
    if (this.#open) for (const member of members) if (member.ready === true) send(member, { slimnet: 'open' });
  }

  async #askAll(question: Question): Promise<Answer> {
    const listening = [...this.#members].filter(({ ready }) => ready !== null);
    const answers = await Promise.all(listening.map((member) => this.#ask(member, question)));
    if (question.kind === 'metrics') {
      listening.forEach((member, i) => {
        const answer = answers[i];
        if (answer !== null && answer !== undefined && 'value' in answer)
          this.#metrics?.note(member.worker.id, answer.value as MetricJson[]);
      });
      return { value: await this.#metrics?.text() };
    }
    return answers.find((answer) => answer !== null && 'reason' in answer) ?? { value: null };
  }

  /** null where it ends, or is silent, instead of answering. */
  #ask(member: Member, question: Question): Promise<Answer | null> {
    const number = ++this.#last;
    return new Promise((resolve) => {
      member.asked.set(number, resolve);
      // Loading takes the time that it takes.
      if (question.kind === 'metrics')
        setTimeout(() => {
          member.asked.delete(number);
          resolve(null);
        }, this.#options.answerMs ?? 3000).unref();
      send(member, { slimnet: 'question', number, question });
    });
  }

  #gone(member: Member, code: number | null, by: string | null): void {
    const { count, onEvent } = this.#options;
    this.#members.delete(member);
    for (const resolve of member.asked.values()) resolve(null);
    if (this.#stopping) {
      if (code !== 0) this.#inOrder = false;
      if (this.#members.size === 0) this.#ended.resolve();
      return;
    }
    const how = by === null ? `with status ${code}` : `by ${by}`;
    if (!this.#open) {
      onEvent(`a worker ended ${how} before all were ready`);
      this.#inOrder = false;
      this.#stop();
      return;
    }
    void this.#metrics?.departed(member.worker.id);
    this.#failures = performance.now() - member.began > steadyMs ? 0 : this.#failures + 1;
    const pause = this.#failures <= 1 ? 0 : Math.min(mostPauseMs, leastPauseMs * 2 ** (this.#failures - 2));
    onEvent(`a worker ended ${how}; ${this.#members.size} of ${count} go on, it is started anew${inTime(pause)}`);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#start(true);
    }, pause);
    this.#timers.add(timer);
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const member of this.#members) {
      send(member, { slimnet: 'stop' });
      const timer = setTimeout(() => member.worker.process.kill('SIGKILL'), this.#options.stopMs);
      timer.unref();
    }
    if (this.#members.size === 0) this.#ended.resolve();
  }
}

function inTime(ms: number): string {
  return ms === 0 ? '' : ` in ${ms / 1000} s`;
}

function send({ worker }: Member, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, undefined, () => {});
}

function resolvable(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}
