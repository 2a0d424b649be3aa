/** Bodies of requests whose clients leave. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { bodyHead, readBody } from '../../../lib/server/http/body.js';
import { Turns } from '../../../lib/server/turns.js';

const reading = () => ({ maxBytes: 1000, place: { grow: () => {}, leave: () => {} }, turns: new Turns() });

test.each([{}, { 'content-length': '8' }, { 'content-encoding': 'gzip' }])(
  'a body with the headers %j whose client has left before anybody reads it is an error, not a wait',
  async (headers) => {
    const gone = new PassThrough();
    gone.destroy();
    await once(gone, 'close');
    await expect(readBody(gone, bodyHead(headers, 1000), reading())).rejects.toThrow();
  },
);
