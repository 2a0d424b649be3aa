/** gRPC's health check (grpc.health.v1): what it is now, and what becomes of it. */
import { RequestError } from '../protocol/index.js';
import { decodeHealthRequest, encodeHealth, type Health } from './messages.js';

/** How often it is looked at while somebody watches, in milliseconds. */
const lookEveryMs = 100;

/** The health of a server, which goes by the empty name and by that of its service. */
export class HealthCheck {
  readonly #service: string;
  readonly #ready: () => boolean;
  readonly #stopping: () => boolean;
  readonly #watchers = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;

  constructor(service: string, state: { readonly ready: () => boolean; readonly stopping: () => boolean }) {
    this.#service = service;
    this.#ready = state.ready;
    this.#stopping = state.stopping;
  }

  /** @throws RequestError for a service that there is not */
  check(message: Uint8Array): Uint8Array {
    const name = decodeHealthRequest(message);
    const health = this.#of(name);
    if (health === 'unknown') throw new RequestError('not_found', `There is no service ${JSON.stringify(name)}.`);
    return encodeHealth(health);
  }

  /** The health now, and each time that it is another. Ends once the server stops. @throws RequestError (stopping) then; the signal's reason */
  async *watch(message: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array, never> {
    const name = decodeHealthRequest(message);
    let told: Health | null = null;
    for (;;) {
      signal.throwIfAborted();
      const health = this.#of(name);
      if (health !== told) yield encodeHealth(health);
      told = health;
      if (this.#stopping()) throw new RequestError('stopping', 'The server is shutting down.');
      await this.#look(signal);
    }
  }

  #of(name: string): Health {
    if (name !== '' && name !== this.#service) return 'unknown';
    return this.#ready() ? 'serving' : 'not serving';
  }

  /** Resolves when it is time for another look, at once when the signal is aborted. One timer is for all who watch. */
  #look(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#watchers.delete(wake);
        signal.removeEventListener('abort', wake);
        if (this.#watchers.size === 0 && this.#timer !== null) {
          clearTimeout(this.#timer);
          this.#timer = null;
        }
        resolve();
      };
      this.#watchers.add(wake);
      signal.addEventListener('abort', wake);
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        for (const each of [...this.#watchers]) each();
      }, lookEveryMs);
    });
  }
}
