/**
 * Every error that slimnet throws. One family: `SlimnetError` with a stable `code`, and a subclass for each layer. A message
 * says where it happened, what was expected, what was received, and (as `hint`) the way out.
 */

/** Stable codes. One line each; docs/errors.md explains them. */
export const errorCodes = {
  ERR_ARGUMENT: 'an argument or option has the wrong type or value',
  ERR_SCOPE: 'a scope, variable name or reuse rule was violated',
  ERR_SHAPE: 'shapes or dtypes do not fit together',
  ERR_GRADIENT: 'a gradient does not exist',
  ERR_PLAN: 'a plan is malformed or over a limit',
  ERR_COMPILE: 'a plan could not be compiled',
  ERR_BACKEND: 'a backend or device is missing or cannot do what was asked',
  ERR_EXECUTION: 'a run failed',
  ERR_CHECKPOINT: 'a checkpoint is missing, damaged or does not fit',
  ERR_IMAGE: 'an image cannot be read or is over a limit',
  ERR_DATA: 'a data set is missing, damaged or does not fit',
  ERR_OUTPUT: 'a result cannot be written',
  ERR_NATIVE_LOAD: 'the native addon cannot be loaded',
  ERR_DISPOSED: 'the object was disposed',
  ERR_ABORTED: 'the operation was aborted',
  ERR_QUEUE_FULL: 'the queue of waiting runs is full',
  ERR_MEMORY: 'memory could not be allocated',
  ERR_CONNECTION: 'a server could not be reached, or ended before its answer',
  ERR_SERVER: 'a server refused a request, or failed',
  ERR_INTERNAL: 'a bug in slimnet',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** What an entry point calls an option, with the value that is meant; null: it has no such option. */
export type Spelling = (option: string, value?: unknown) => string | null;

/**
 * A hint that names options. Whoever shows it to a caller knows which options that caller has, and how they are written there
 * (`maxPixels` of a function, `--max-pixels` of a command); what takes an option that the caller does not have is left out.
 */
export class Advice {
  readonly #text: readonly string[];
  readonly #options: readonly NamedOption[];
  readonly #otherwise: string | undefined;

  constructor(text: readonly string[], options: readonly NamedOption[], otherwise?: string) {
    this.#text = text;
    this.#options = options;
    this.#otherwise = otherwise;
  }

  /** The same, with what is said to callers who lack one of the options. */
  or(otherwise: string): Advice {
    return new Advice(this.#text, this.#options, otherwise);
  }

  /** The text for a caller; null where there is nothing to say. */
  say(spelling: Spelling): string | null {
    let text = this.#text[0] as string;
    for (const [i, option] of this.#options.entries()) {
      const spelled = typeof option === 'string' ? spelling(option) : spelling(...option);
      if (spelled === null) return this.#otherwise ?? null;
      text += spelled + this.#text[i + 1];
    }
    return text;
  }
}

/** An option by its name, or with a value. */
export type NamedOption = string | readonly [option: string, value: unknown];

/** A hint with options in it: advice`raise ${'maxPixels'}.` or advice`build it with ${['numClasses', 5]}.` */
export function advice(text: readonly string[], ...options: readonly NamedOption[]): Advice {
  return new Advice(text, options);
}

/** A value as it is written in code; functions are given as text that is written already. */
export class Code {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** How functions spell options: those that are listed, under their own names or by what is to be written. */
export function spelledInCode(names: Readonly<Record<string, string>> | readonly string[]): Spelling {
  const known = Array.isArray(names)
    ? new Map((names as readonly string[]).map((name) => [name, name]))
    : new Map(Object.entries(names));
  return (option, value) => {
    const name = known.get(option);
    return name === undefined ? null : inCode(name, value);
  };
}

/** How options are written where nothing is known of the caller: under their own names, as in code. */
export const ownSpelling: Spelling = inCode;

function inCode(name: string, value?: unknown): string {
  if (value === undefined) return name;
  const [option, ...owner] = name.split(' of ');
  return [`${option}: ${written(value)}`, ...owner].join(' of ');
}

function written(value: unknown): string {
  if (value instanceof Code) return value.text;
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** The way out: text, or advice that depends on the caller's options; several are shown one a line. */
export type Hint = string | Advice | readonly (string | Advice)[];

/** What an error may say besides its message. */
export interface ErrorDetails {
  code?: ErrorCode;
  /** Name of the op, e.g. `conv2d`. */
  op?: string;
  /** Name of the node or variable, e.g. `resnet_v1_50/conv1/Conv2D`. */
  node?: string;
  /** File that was being read or written. */
  path?: string;
  /** Byte position in that file. */
  offset?: number;
  /** ERR_QUEUE_FULL of a model, ERR_SERVER of a client: milliseconds after which the same call is likely to be taken. */
  retryAfterMs?: number;
  /** The way out; appended to the message. */
  hint?: Hint;
  cause?: unknown;
}

/** Base of all errors of this library. */
export class SlimnetError extends Error {
  readonly code: ErrorCode;
  readonly op?: string;
  readonly node?: string;
  readonly path?: string;
  readonly offset?: number;
  readonly retryAfterMs?: number;
  readonly hint?: string;
  readonly #said: { readonly message: string; readonly details: ErrorDetails };

  constructor(message: string, details: ErrorDetails = {}, defaultCode: ErrorCode = 'ERR_INTERNAL') {
    const hint = hintText(details.hint, ownSpelling);
    super(compose(message, details, hint), details.cause === undefined ? undefined : { cause: details.cause });
    this.#said = { message, details };
    this.name = new.target.name;
    this.code = details.code ?? defaultCode;
    if (details.op !== undefined) this.op = details.op;
    if (details.node !== undefined) this.node = details.node;
    if (details.path !== undefined) this.path = details.path;
    if (details.offset !== undefined) this.offset = details.offset;
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
    if (hint !== undefined) this.hint = hint;
  }

  /**
   * @internal Says the hint anew for the callers of an entry point. One hint is said in several places on its way up; the last one, the
   * entry point that was called, decides.
   */
  static respell<T>(error: T, spelling: Spelling): T {
    if (!(error instanceof SlimnetError)) return error;
    const { message, details } = error.#said;
    if (details.hint === undefined) return error;
    const hint = hintText(details.hint, spelling);
    const [before, after] = [error.message, compose(message, details, hint)];
    error.message = after;
    if (error.stack !== undefined) error.stack = error.stack.replace(before, () => after);
    const said = error as { hint?: string };
    if (hint === undefined) delete said.hint;
    else said.hint = hint;
    return error;
  }
}

/** Runs an entry point; hints of its errors name options as its callers know them. */
export async function spelling<T>(spelled: Spelling, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw SlimnetError.respell(error, spelled);
  }
}

function compose(said: string, { path, offset }: ErrorDetails, hint: string | undefined): string {
  const where = path === undefined ? '' : `${shortened(path)}${offset === undefined ? '' : ` at byte ${offset}`}: `;
  const message = withShortNames(said);
  const lines = hint === undefined ? [] : withShortNames(hint).split('\n');
  // A message of several lines has its hints on lines of their own.
  const separator = message.includes('\n') || lines.length > 1 ? '\n' : ' ';
  return [`${where}${message}`, ...lines.map((line) => `Hint: ${line}`)].join(separator);
}

/** The hints that a caller can follow, one a line. */
function hintText(hint: Hint | undefined, spelling: Spelling): string | undefined {
  const all: readonly (string | Advice)[] =
    hint === undefined ? [] : Array.isArray(hint) ? hint : [hint as string | Advice];
  const said = all.map((one) => (typeof one === 'string' ? one : one.say(spelling))).filter((text) => text !== null);
  return said.length === 0 ? undefined : said.join('\n');
}

/** Longest text from outside (a path, a name) that a message quotes whole. */
const quotedLength = 300;

/** Text for a message: of one that is longer than any path in use, its beginning and its length. */
export function shortened(text: string): string {
  return text.length <= quotedLength ? text : `${text.slice(0, 60)}... (${text.length} characters)`;
}

/** A message without any name, path or URL in it that is longer than one that is in use. */
function withShortNames(message: string): string {
  return message.length <= quotedLength ? message : message.replaceAll(longWord, shortened);
}

const longWord = new RegExp(`[^\\s]{${quotedLength + 1},}`, 'g');

/** Why the system refused something, in a few words and without the path, which it quotes whole. */
export function systemReason(error: unknown): string {
  const { code, syscall, message } = error as Error & { readonly code?: string; readonly syscall?: string };
  const known = code === undefined ? undefined : systemReasons[code];
  if (known !== undefined) return known;
  const text = error instanceof Error ? message : String(error);
  return shortened(syscall === undefined ? text : (text.split(`, ${syscall}`)[0] as string));
}

const systemReasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission was refused',
  EPERM: 'permission was refused',
  ENAMETOOLONG: 'the name is too long to be one of a file',
  ERR_INVALID_ARG_VALUE: 'no file can have such a name',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'no space is left in the quota',
  EROFS: 'the file system is read-only',
  EEXIST: 'a file is in its place',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'this is a folder',
  EPIPE: 'its reader has gone away',
};

/** Wrong type or value of an argument or option. */
export class ArgumentError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_ARGUMENT');
  }
}

/** Scopes, variable names, reuse (what TF-Slim raises as ValueError while a graph is built). */
export class ScopeError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_SCOPE');
  }
}

/** Shapes or dtypes that do not fit. */
export class ShapeError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_SHAPE');
  }
}

/** A gradient that does not exist. */
export class GradientError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_GRADIENT');
  }
}

/** A plan that is malformed, inconsistent or over a limit. */
export class PlanError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_PLAN');
  }
}

/** A plan that is valid but could not be compiled. */
export class CompileError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_COMPILE');
  }
}

/** A backend or device that is missing or cannot do what was asked. */
export class BackendError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_BACKEND');
  }
}

/** A run that failed, was aborted, or could not be queued. */
export class ExecutionError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_EXECUTION');
  }
}

/** A checkpoint that is missing, damaged, unsupported or does not fit the graph. */
export class CheckpointError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_CHECKPOINT');
  }
}

/** An image that cannot be read or is over a limit. */
export class ImageError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_IMAGE');
  }
}

/** A data set that is missing, damaged or does not fit what is to be learnt from it. */
export class DataError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_DATA');
  }
}

/** Results that cannot be written: a full disk, a reader that went away. */
export class OutputError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_OUTPUT');
  }
}

/** The native addon cannot be loaded, or is of another version. */
export class NativeLoadError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_NATIVE_LOAD');
  }
}

/** A server that could not be reached, or whose answer did not come to its end. */
export class ConnectionError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_CONNECTION');
  }
}

/** A server that answered with an error, in its own words, or with what the protocol does not have. */
export class ServerError extends SlimnetError {
  /** The status of HTTP. */
  readonly status: number;

  constructor(status: number, message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_SERVER');
    this.status = status;
  }
}

/** A bug in slimnet itself: please report it. */
export class InternalError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_INTERNAL');
  }
}

/** Which class carries which code when native code reports an error by code. */
export const errorClassByCode: Readonly<
  Record<
    Exclude<ErrorCode, 'ERR_SERVER' | 'ERR_CONNECTION'>,
    new (
      message: string,
      details?: ErrorDetails,
    ) => SlimnetError
  >
> = {
  ERR_ARGUMENT: ArgumentError,
  ERR_SCOPE: ScopeError,
  ERR_SHAPE: ShapeError,
  ERR_GRADIENT: GradientError,
  ERR_PLAN: PlanError,
  ERR_COMPILE: CompileError,
  ERR_BACKEND: BackendError,
  ERR_EXECUTION: ExecutionError,
  ERR_CHECKPOINT: CheckpointError,
  ERR_IMAGE: ImageError,
  ERR_DATA: DataError,
  ERR_OUTPUT: OutputError,
  ERR_NATIVE_LOAD: NativeLoadError,
  ERR_DISPOSED: ExecutionError,
  ERR_ABORTED: ExecutionError,
  ERR_QUEUE_FULL: ExecutionError,
  ERR_MEMORY: ExecutionError,
  ERR_INTERNAL: InternalError,
};

/** True when `value` is one of our errors, whatever realm or copy of the library it comes from. */
export function isSlimnetError(value: unknown): value is SlimnetError {
  return (
    value instanceof Error &&
    typeof (value as { code?: unknown }).code === 'string' &&
    Object.hasOwn(errorCodes, (value as unknown as { code: string }).code)
  );
}
