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
  ERR_NATIVE_LOAD: 'the native addon cannot be loaded',
  ERR_DISPOSED: 'the object was disposed',
  ERR_ABORTED: 'the operation was aborted',
  ERR_QUEUE_FULL: 'the queue of waiting runs is full',
  ERR_MEMORY: 'memory could not be allocated',
  ERR_INTERNAL: 'a bug in slimnet',
} as const;

export type ErrorCode = keyof typeof errorCodes;

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
  /** The way out; appended to the message. */
  hint?: string;
  cause?: unknown;
}

/** Base of all errors of this library. */
export class SlimnetError extends Error {
  readonly code: ErrorCode;
  readonly op?: string;
  readonly node?: string;
  readonly path?: string;
  readonly offset?: number;
  readonly hint?: string;

  constructor(message: string, details: ErrorDetails = {}, defaultCode: ErrorCode = 'ERR_INTERNAL') {
    super(compose(message, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code ?? defaultCode;
    if (details.op !== undefined) this.op = details.op;
    if (details.node !== undefined) this.node = details.node;
    if (details.path !== undefined) this.path = details.path;
    if (details.offset !== undefined) this.offset = details.offset;
    if (details.hint !== undefined) this.hint = details.hint;
  }
}

function compose(message: string, { path, offset, hint }: ErrorDetails): string {
  const where = path === undefined ? '' : `${path}${offset === undefined ? '' : ` at byte ${offset}`}: `;
  return `${where}${message}${hint === undefined ? '' : ` Hint: ${hint}`}`;
}

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

/** The native addon cannot be loaded, or is of another version. */
export class NativeLoadError extends SlimnetError {
  constructor(message: string, details?: ErrorDetails) {
    super(message, details, 'ERR_NATIVE_LOAD');
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
  Record<ErrorCode, new (message: string, details?: ErrorDetails) => SlimnetError>
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
