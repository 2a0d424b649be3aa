import { Graph } from '../../../lib/core/graph.js';
import { ArgumentError, ScopeError } from '../../../lib/errors.js';
import { ArgScope, addArgScope, argScope, currentArgScope } from '../../../lib/slim/arg_scope.js';
import * as slim from '../../../lib/slim/index.js';
import * as nets from '../../../lib/slim/nets/index.js';

interface O {
  a: number | null;
  b: string;
}

const f = addArgScope('f', { a: 1, b: 'x' } as O, (x: number, o: O) => ({ x, ...o }));
interface P {
  a: number | null;
  c: boolean;
}

const g = addArgScope('g', { a: 2, c: true } as P, (x: number, o: P) => ({ x, ...o }));

test('undefined means not given, null is a value', () => {
  argScope([f], { a: 5 }, () => {
    expect(f(0, { a: undefined })).toEqual({ x: 0, a: 5, b: 'x' });
    expect(f(0, { a: null })).toEqual({ x: 0, a: null, b: 'x' });
  });
  argScope([f], { a: undefined }, (sc) => expect(sc.of(f)).toEqual({}));
});

test('the scope at the time of the call counts', () => {
  const call = argScope([f], { a: 5 }, () => () => f(0).a);
  expect(call()).toBe(1);
  expect(argScope([f], { a: 6 }, call)).toBe(6);
});

test('a scope ends when its body throws', () => {
  expect(() =>
    argScope([f], { a: 5 }, () => {
      throw new RangeError('stop');
    }),
  ).toThrow(RangeError);
  expect(f(0).a).toBe(1);
});

test('a scope that is refused leaves the one around it alone', () => {
  argScope([f], { a: 5 }, () => {
    expect(() => argScope([(x: number) => x] as never, {} as never, () => null)).toThrow(ArgumentError);
    expect(f(0).a).toBe(5);
  });
});

test('a body that returns a promise is refused, and its scope ends', () => {
  expect(() => argScope([f], { a: 5 }, async () => f(0))).toThrow(ScopeError);
  expect(f(0).a).toBe(1);
});

test('misspelled options are refused when the scope is entered and when the function is called', () => {
  // @ts-expect-error there is no option A_
  expect(() => argScope([f], { A_: 5 }, () => null)).toThrow(/has no option A_; it has a, b\. Hint: did you mean a\?/);
  // @ts-expect-error conv2d has no option strid
  expect(() => argScope([slim.conv2d], { strid: 1 }, () => null)).toThrow(/did you mean stride\?/);
  // @ts-expect-error there is no option weight_decay
  expect(() => nets.resnetArgScope({ weight_decay: 1 })).toThrow(/did you mean weightDecay\?/);
  expect(() => f(0, { zzz: 1 } as never)).toThrow(ArgumentError);
});

test('functions of one scope must all have the option', () => {
  expect(argScope([f, g], { a: 7 }, () => [f(0).a, g(0).a])).toEqual([7, 7]);
  // @ts-expect-error g has no option b
  expect(() => argScope([f, g], { b: 'y' }, () => null)).toThrow(/argScope\(\[g\]\) has no option b/);
});

test('wrong arguments are refused by name', () => {
  expect(() => argScope(f as never, {} as never, () => null)).toThrow(
    /expected a list of decorated functions or a captured scope/,
  );
  expect(() => argScope([f], { a: 1 }, null as never)).toThrow(/expected a function as the body/);
  expect(() => argScope([], { a: 1 } as never, () => null)).toThrow(ArgumentError);
  expect(() => (f as (...args: unknown[]) => unknown)()).toThrow(/expected 1 arguments and options/);
  expect(() => (f as (...args: unknown[]) => unknown)(1, {}, 2)).toThrow(/received 3 arguments/);
  expect(() => f(1, [] as never)).toThrow(/expected an object of options/);
});

test('scopes belong to the graph that is being built', () => {
  const [one, two] = [new Graph(), new Graph()];
  one.build(() =>
    argScope([f], { a: 5 }, () => {
      expect(f(0).a).toBe(5);
      two.build(() => expect(f(0).a).toBe(1));
      expect(f(0).a).toBe(5);
    }),
  );
  one.build(() => expect(f(0).a).toBe(1));
});

test('a scope that is entered outside of a graph reaches into a graph that is built inside', () => {
  argScope([f], { a: 5 }, () =>
    new Graph().build(() => {
      expect(f(0).a).toBe(5);
      argScope([f], { b: 'y' }, () => expect(f(0)).toEqual({ x: 0, a: 5, b: 'y' }));
    }),
  );
  expect(currentArgScope()).toBe(ArgScope.empty);
});

test('captured scopes are not changed by scopes entered inside of them', () => {
  const captured = argScope([f], { a: 5 }, (sc) => sc);
  argScope(captured, () => argScope([f], { a: 6, b: 'y' }, () => null));
  expect(captured.of(f)).toEqual({ a: 5 });
});
