/** Bearer tokens. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { describe } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';
import { RequestError } from './protocol/index.js';

/**
 * A check of the header Authorization. Hashes are compared, in a time that does not depend on where they differ, nor on the length of what was sent.
 * @throws ArgumentError for a token that no header can carry
 */
export function tokenCheck(token: string): (authorization: string | undefined) => void {
  if (typeof token !== 'string' || !/^[A-Za-z0-9._~+/=-]{16,4096}$/.test(token))
    throw new ArgumentError(
      `token: expected 16 to 4096 characters of letters, digits and ._~+/=-, received ${typeof token === 'string' ? `${token.length} characters` : describe(token)}.`,
    );
  const expected = digest(token);
  return (authorization) => {
    const [, given] = /^bearer +([^ ]+) *$/i.exec(authorization ?? '') ?? [];
    if (!timingSafeEqual(digest(given ?? ''), expected))
      throw new RequestError(
        'unauthorized',
        'Expected the header Authorization: Bearer TOKEN with the token of this server.',
      );
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
