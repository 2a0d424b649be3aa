/** Libraries that only servers need: whoever wants one installs them beside slimnet. */
import { optionalModule } from '../core/optional_module.js';

const server = 'fastify@5 prom-client@15';

const libraries = {
  fastify: { install: server, load: () => import('fastify') },
  'prom-client': { install: server, load: () => import('prom-client') },
  '@grpc/grpc-js': { install: '@grpc/grpc-js@1', load: () => import('@grpc/grpc-js') },
  '@opentelemetry/api': { install: '@opentelemetry/api@1', load: () => import('@opentelemetry/api') },
} as const;

type Library = keyof typeof libraries;
type Module<L extends Library> = Awaited<ReturnType<(typeof libraries)[L]['load']>>;

/** @throws ArgumentError that says how to install it */
export function load<L extends Library>(name: L): Promise<Module<L>> {
  const library = libraries[name];
  return optionalModule({
    needed: 'The server needs',
    name,
    install: library.install,
    load: library.load as () => Promise<Module<L>>,
  });
}
