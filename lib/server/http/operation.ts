import type { Operation } from '../monitor.js';

/** What a route says of itself. */
export interface RouteConfig {
  readonly operation: Operation;
  /** Needs no token. */
  readonly open?: boolean;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    slimnet?: RouteConfig;
  }
}

/** Options of a route. */
export function operation(name: Operation, { open = false } = {}): { config: { slimnet: RouteConfig } } {
  return { config: { slimnet: { operation: name, open } } };
}
