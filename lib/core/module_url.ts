import { pathToFileURL } from 'node:url';

/**
 * Where this code lies, as a `file:` URL. Bundlers that make CommonJS of it leave `import.meta` empty; what is known there is the file of
 * the bundle.
 */
export const moduleUrl: string = (import.meta.url as string | undefined) ?? urlOfBundle();

function urlOfBundle(): string {
  return pathToFileURL(typeof __filename === 'string' ? __filename : `${process.cwd()}/`).href;
}
