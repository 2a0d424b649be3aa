import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type PageFile, pageFiles } from '../../page/page_files.js';
import { sendText } from '../answer.js';
import { operation } from '../operation.js';

const types: Readonly<Record<PageFile, string>> = {
  'page.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/** The page loads its own files and shows pictures that it was given, and nothing else; nobody shows it inside another page. */
const policy = [
  ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "connect-src 'self'"],
  ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
]
  .flat()
  .join('; ');

/** A page for people, at the root. It needs no token itself; what it asks the server needs one. */
export function pageRoutes(app: FastifyInstance): void {
  const send = (file: PageFile, text: string) => {
    const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
    return async (request: FastifyRequest, reply: FastifyReply) => {
      reply.headers({
        'Cache-Control': 'no-cache',
        'Content-Security-Policy': policy,
        ETag: etag,
        'Referrer-Policy': 'no-referrer',
        'X-Content-Type-Options': 'nosniff',
      });
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return sendText(request, reply.type(types[file]), text);
    };
  };
  for (const [file, text] of Object.entries(pageFiles()) as [PageFile, string][]) {
    const answer = send(file, text);
    if (file !== 'page.html') app.get(`/${file}`, operation('page', { open: true }), answer);
    else
      app.get('/', operation('page', { open: true }), async (request, reply) => {
        // Its files have relative addresses: below a prefix, a slash at its end makes them right.
        const [path = '', query] = request.url.split('?', 2);
        if (path.endsWith('/')) return answer(request, reply);
        return reply.redirect(
          `${path.slice(path.lastIndexOf('/') + 1)}/${query === undefined ? '' : `?${query}`}`,
          308,
        );
      });
  }
}
