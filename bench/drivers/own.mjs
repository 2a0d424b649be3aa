// What the drivers of slimnet itself share.
import { readFileSync } from 'node:fs';
import { Unavailable } from './common.mjs';

/** What the library says it cannot do is its answer. */
export async function orUnavailable({ BackendError, ArgumentError }, make) {
  try {
    return await make();
  } catch (error) {
    if (error instanceof BackendError || error instanceof ArgumentError) throw new Unavailable(error.message);
    throw error;
  }
}

export const version = () => JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
