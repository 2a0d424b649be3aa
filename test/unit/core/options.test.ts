import {
  checkBoolean,
  checkInteger,
  checkOneOf,
  checkSignal,
  type Defaults,
  defined,
  withDefaults,
} from '../../../lib/core/options.js';
import { ArgumentError } from '../../../lib/errors.js';

interface Example {
  readonly count: number;
  readonly side?: number;
  readonly mode?: 'fast' | 'exact';
  readonly signal?: AbortSignal;
}

const defaults = { count: undefined, side: 3, mode: 'exact', signal: undefined } satisfies Defaults<Example>;

describe('options with their defaults', () => {
  test('what is given counts, the defaults stand for all that is left out or undefined', () => {
    const given = { count: 1, side: undefined, mode: 'fast' } as unknown as Example;
    expect(withDefaults('example', given, defaults)).toEqual({ count: 1, side: 3, mode: 'fast', signal: undefined });
    expect(given).toEqual({ count: 1, side: undefined, mode: 'fast' });
  });

  test('null and 0 are values, which no default replaces', () => {
    expect(withDefaults('example', { count: 0, side: null } as unknown as Example, defaults)).toMatchObject({
      count: 0,
      side: null,
    });
  });

  test('every option is in the table of defaults, and no other', () => {
    // @ts-expect-error the line of `signal` is missing
    const missing = { count: undefined, side: 3, mode: 'exact' } satisfies Defaults<Example>;
    // @ts-expect-error there is no option `depth`
    const needless = { ...defaults, depth: 1 } satisfies Defaults<Example>;
    expect([missing, needless]).toHaveLength(2);
  });

  test('an option that does not exist is named, with what there is and what was probably meant', () => {
    const attempt = (options: object) => () => withDefaults('example', options as Example, defaults);
    expect(attempt({ count: 1, moode: 'fast' })).toThrow(ArgumentError);
    expect(attempt({ count: 1, moode: 'fast' })).toThrow(
      'example has no option moode; it has count, side, mode, signal. Hint: did you mean mode?',
    );
    expect(attempt({ Si_de: 1 })).toThrow(/did you mean side\?/);
    expect(attempt({ sideLength: 1 })).toThrow(/did you mean side\?/);
    expect(() => withDefaults('fit', { K: 3 } as object, { m: 1, k: 2 })).toThrow(/did you mean k\?/);
    expect(attempt({ entirely: 1 })).toThrow(/it has count, side, mode, signal\.$/);
  });

  test.each([
    [null, /received null/],
    [3, /received 3/],
    [[], /received an array of 0/],
    [new Uint8Array(2), /received Uint8Array/],
  ])('%p is no object of options', (options, message) => {
    expect(() => withDefaults('example', options as unknown as Example, defaults)).toThrow(message);
  });
});

test('an object of what is defined has no other properties', () => {
  expect(Object.keys(defined({ a: 1, b: undefined, c: null, d: 0 }))).toEqual(['a', 'c', 'd']);
});

test.each([1, 5, 9])('%p is an integer from 1 to 9', (value) => {
  expect(() => checkInteger('example', 'count', value, 1, 9)).not.toThrow();
});

test.each([0, 10, 2.5, Number.NaN, '3', 3n, undefined])('%p is no integer from 1 to 9', (value) => {
  expect(() => checkInteger('example', 'count', value, 1, 9)).toThrow(
    /^example: count: expected an integer from 1 to 9/,
  );
});

test('other checks say where, what was expected, and what was received', () => {
  expect(() => checkBoolean('example', 'profile', 1)).toThrow('example: profile: expected true or false, received 1.');
  expect(() => checkOneOf('example', 'mode', 'quick', ['fast', 'exact'])).toThrow(
    'example: mode: expected fast or exact, received the string "quick".',
  );
  expect(() => checkSignal('example', {})).toThrow('example: signal: expected an AbortSignal, received an object.');
  expect(() => checkSignal('example', undefined)).not.toThrow();
});
