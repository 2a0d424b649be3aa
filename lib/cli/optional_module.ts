import { ArgumentError } from '../errors.js';

/**
 * A library that slimnet does not bring along because few need it and it is large.
 * @param purpose what needs it
 * @throws ArgumentError with the command that installs it
 */
export async function optionalModule<T>(purpose: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    throw new ArgumentError(`${purpose} need the package ${name}, which is not installed.`, {
      hint: `npm install ${name}`,
      cause,
    });
  }
}
