/** Bounds of what requests may ask of a server: one line each, with its default. docs/security.md has the same table. */

import { checkInteger, checkOptions } from '../core/options.js';
import { ArgumentError } from '../errors.js';

interface Limit {
  readonly default: number;
  readonly most: number;
  readonly unit: 'bytes' | 'ms' | null;
  readonly what: string;
}

const mebibyte = 2 ** 20;
const longestTimer = 2 ** 31 - 1;

export const limitTable = {
  maxBodyBytes: { default: 32 * mebibyte, most: 2 ** 31, unit: 'bytes', what: 'body of a request, unpacked' },
  maxImages: { default: 64, most: 65536, unit: null, what: 'images of a request' },
  maxConcurrent: { default: 512, most: 65536, unit: null, what: 'inference requests in progress' },
  maxBufferedBytes: {
    default: 512 * mebibyte,
    most: 2 ** 40,
    unit: 'bytes',
    what: 'bodies of all requests in progress',
  },
  maxConnections: { default: 4096, most: 2 ** 20, unit: null, what: 'open connections' },
  timeoutMs: { default: 30_000, most: longestTimer, unit: 'ms', what: 'inference of a request, waiting included' },
  requestTimeoutMs: { default: 30_000, most: longestTimer, unit: 'ms', what: 'arrival of a whole request' },
  headersTimeoutMs: { default: 10_000, most: longestTimer, unit: 'ms', what: "arrival of a request's headers" },
  keepAliveTimeoutMs: { default: 65_000, most: longestTimer, unit: 'ms', what: 'idle connection' },
  maxHeaderBytes: { default: 16384, most: 2 ** 20, unit: 'bytes', what: 'headers of a request' },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limitTable;
export type Limits = Readonly<Record<LimitName, number>>;

/** Limits that are given, and the defaults of all others. @throws ArgumentError */
export function checkedLimits(given: Partial<Limits> = {}): Limits {
  const names = Object.keys(limitTable) as LimitName[];
  checkOptions('limits', given, names);
  const limits = Object.fromEntries(names.map((name) => [name, given[name] ?? limitTable[name].default])) as Limits;
  for (const name of names) checkInteger('limits', name, limits[name], 1, limitTable[name].most);
  if (limits.maxBufferedBytes < limits.maxBodyBytes)
    throw new ArgumentError(
      `limits: maxBufferedBytes (${limits.maxBufferedBytes}) is less than maxBodyBytes (${limits.maxBodyBytes}): no such body would ever be taken.`,
    );
  return limits;
}
