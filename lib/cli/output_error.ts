import { CheckpointError, OutputError, shortened, systemReason } from '../errors.js';

/**
 * Writes a result of a command into files.
 * @param hint what the user may do about a refusal
 * @throws OutputError for what the system refuses; else what `work` throws
 */
export async function asOutput<T>(work: () => Promise<T>, hint?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw outputError(error, hint) ?? error;
  }
}

function outputError(error: unknown, hint: string | undefined): OutputError | null {
  const way = hint === undefined ? {} : { hint };
  if (error instanceof CheckpointError && error.path !== undefined) {
    const { path, cause } = error;
    if (isSystemError(cause)) return refused(path, cause, way);
    // What the writer found out by itself, such as a folder of that name.
    const [said] = error.message
      .slice(shortened(path).length)
      .replace(/^( at byte \d+)?: /, '')
      .split(' Hint: ');
    return new OutputError(said as string, { path, cause, ...way });
  }
  return isSystemError(error) ? refused(error.path ?? '', error, way) : null;
}

function refused(path: string, cause: unknown, way: { hint?: string }): OutputError {
  const where = path === '' ? {} : { path };
  return new OutputError(`The file cannot be written: ${systemReason(cause)}.`, { ...where, cause, ...way });
}

/** True for errors of system calls, of whatever realm. */
export function isSystemError(value: unknown): value is NodeJS.ErrnoException {
  const { code, syscall } = (value ?? {}) as NodeJS.ErrnoException;
  return typeof code === 'string' && typeof syscall === 'string';
}
