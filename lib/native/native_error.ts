/** Turns what native code reports into the error classes of this library. */
import { errorClassByCode, InternalError, type SlimnetError } from '../errors.js';

/** The factory that `Addon.initialize` takes. Empty `op` and `node` mean that there are none. */
export function makeNativeError(code: string, message: string, op: string, node: string): SlimnetError {
  const known = Object.hasOwn(errorClassByCode, code) ? (code as keyof typeof errorClassByCode) : 'ERR_INTERNAL';
  const ErrorClass = errorClassByCode[known] ?? InternalError;
  return new ErrorClass(message, {
    code: known,
    ...(op === '' ? {} : { op }),
    ...(node === '' ? {} : { node }),
  });
}
