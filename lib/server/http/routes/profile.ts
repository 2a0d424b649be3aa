import type { FastifyInstance, FastifyRequest } from 'fastify';
import { chromeTrace } from '../../chrome_trace.js';
import { RequestError } from '../../protocol/index.js';
import type { Service } from '../../service.js';
import { sendJson } from '../answer.js';
import { operation } from '../operation.js';

interface Route {
  Params: { name: string; version?: string };
  Querystring: { images?: string };
}

/** The time of each layer, measured when somebody asks: only where the operator has asked for it, since it is a run of its own. */
export function profileRoutes(app: FastifyInstance, { repository }: Service): void {
  for (const path of ['/v2/models/:name/profile', '/v2/models/:name/versions/:version/profile'])
    app.get<Route>(path, operation('profile'), async (request, reply) => {
      const { name, version, model } = repository.get(request.params.name, request.params.version);
      const images = imagesOf(request);
      return sendJson(request, reply, chromeTrace(`${name}, version ${version}`, images, await model.profile(images)));
    });
}

function imagesOf({ query }: FastifyRequest<Route>): number {
  const { images = '1' } = query;
  if (typeof images === 'string' && /^[1-9][0-9]{0,5}$/.test(images)) return Number(images);
  throw new RequestError('malformed', 'images: expected an integer from 1 on.');
}
