import type { FastifyInstance } from 'fastify';
import { checkOptions } from '../core/options.js';
import { addRoutes } from './http/plugin.js';
import { type ServingOptions, servingOptionNames } from './options.js';
import { serving } from './serving.js';

/** Options that fastify hands on to every plugin. */
const ofFastify = ['prefix', 'logLevel', 'logSerializers'];

/**
 * A plugin of fastify 5: `await app.register(slimnetPlugin, { models: { resnet: model }, prefix: '/vision' })`. The routes stand under the
 * prefix, and nothing else of the application changes. Body limits are slimnet's own; timeouts of headers and of whole requests are those of the application's server.
 * @throws ArgumentError
 */
export async function slimnetPlugin(app: FastifyInstance, options: ServingOptions): Promise<void> {
  checkOptions('slimnetPlugin', options, [...servingOptionNames, ...ofFastify]);
  const { models, limits, token, modelControl, profiling, metrics, tracing, page, monitor } = options;
  const given = Object.fromEntries(
    Object.entries({ limits, token, modelControl, profiling, metrics, tracing, page, monitor }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const { service, beginStop, logTo, close } = await serving({ models, ...given });
  logTo(app.log);
  app.addHook('preClose', async () => beginStop());
  app.addHook('onClose', close);
  addRoutes(app, service);
}
