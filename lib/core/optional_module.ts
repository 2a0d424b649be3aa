/** Libraries that slimnet does not bring along, because few need them or they are large. */
import { ArgumentError } from '../errors.js';

/** A library, and how its users come to it. */
export interface OptionalModule<T> {
  /** What needs it, with its verb: `s3:// URLs need`. */
  readonly needed: string;
  readonly name: string;
  /** What is to be installed; default: the library. */
  readonly install?: string;
  readonly load: () => Promise<T>;
}

/** @throws ArgumentError with the command that installs it */
export async function optionalModule<T>({ needed, name, install = name, load }: OptionalModule<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    throw new ArgumentError(`${needed} the package ${name}, which is not installed.`, {
      hint: `npm install ${install}`,
      cause,
    });
  }
}
