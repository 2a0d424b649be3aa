/** Libraries that only servers need: whoever wants one installs them beside slimnet. */
import { ArgumentError } from '../errors.js';

const libraries = {
  fastify: () => import('fastify'),
  'prom-client': () => import('prom-client'),
  '@opentelemetry/api': () => import('@opentelemetry/api'),
} as const;

type Library = keyof typeof libraries;

/** @throws ArgumentError that says how to install it */
export async function load<L extends Library>(name: L): Promise<Awaited<ReturnType<(typeof libraries)[L]>>> {
  try {
    return (await libraries[name]()) as Awaited<ReturnType<(typeof libraries)[L]>>;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new ArgumentError(`The server needs ${name}, which is not installed.`, {
      cause,
      hint: name === '@opentelemetry/api' ? 'npm install @opentelemetry/api@1' : 'npm install fastify@5 prom-client@15',
    });
  }
}
