/** What TF-Slim's arg_scope_test asserts, test by test under its own names. */
import { ArgumentError, ScopeError } from '../../lib/errors.js';
import {
  ArgScope,
  addArgScope,
  argScope,
  argScopedArguments,
  argScopeFunctionKey,
  currentArgScope,
  hasArgScope,
} from '../../lib/slim/arg_scope.js';

interface Kwargs {
  a: unknown;
  b: unknown;
  c: unknown;
  d: unknown;
}

const unset = Symbol('unset');
const defaults: Kwargs = { a: unset, b: unset, c: unset, d: unset };

/** Like Slim's test functions: returns the arguments and the keyword arguments that it saw. */
function echo(args: number, o: Kwargs): readonly [number, Partial<Kwargs>] {
  return [args, Object.fromEntries(Object.entries(o).filter(([, value]) => value !== unset))];
}

const func1 = addArgScope('func1', defaults, (args: number, o: Kwargs) => echo(args, o));
const func2 = addArgScope('func2', defaults, (args: number, o: Kwargs) => echo(args, o));
const func3 = addArgScope('func3', { a: null, b: 1, c: 2 }, (args: number, o: { a: null; b: number; c: number }) => [
  args,
  o.a,
  o.b,
  o.c,
]);

test('testEmptyArgScope', () => {
  argScope([], {}, (sc) => {
    expect(currentArgScope()).toBe(sc);
    expect(sc).toEqual(ArgScope.empty);
  });
});

test('testClearArgScope', () => {
  argScope([func1], { a: 1, b: null, c: [1] }, (sc) => {
    expect(sc.of(func1)).toEqual({ a: 1, b: null, c: [1] });
    argScope(ArgScope.empty, (cleared) => {
      expect(cleared).toEqual(ArgScope.empty);
      expect(currentArgScope()).toEqual(ArgScope.empty);
      expect(func1(0)).toEqual([0, {}]);
    });
    expect(currentArgScope()).toBe(sc);
  });
});

test('testNonDecorated', () => {
  const plain = (x: number) => x;
  expect(() => argScope([plain] as never, { a: 1 } as never, () => null)).toThrow(ArgumentError);
  expect(() => argScope([plain] as never, { a: 1 } as never, () => null)).toThrow(/plain is not decorated/);
});

test('testUnexpectedArg', () => {
  // Slim finds out when the function is called; here the scope itself is refused.
  const body = jest.fn();
  // @ts-expect-error func3 has no option d
  expect(() => argScope([func3], { d: 4 }, body)).toThrow(/func3.* has no option d; it has a, b, c/);
  expect(body).not.toHaveBeenCalled();
  expect(() => func3(1, { d: 4 } as never)).toThrow(ArgumentError);
});

test('testCurrentArgScope', () => {
  expect(currentArgScope()).toEqual(ArgScope.empty);
});

test('testArgScopedArguments', () => {
  const many = addArgScope(
    'many',
    { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8 },
    (_: number, o: Record<'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g' | 'h', number>) => o,
  );
  expect(argScopedArguments(func3)).toEqual(['a', 'b', 'c']);
  expect(argScopedArguments(many)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  expect(() => argScopedArguments((x: number) => x)).toThrow(ScopeError);
});

test('testHasArgScope', () => {
  const inner = (_: number, o: Kwargs) => o;
  const decorated = addArgScope('inner', defaults, inner);
  expect(hasArgScope(decorated)).toBe(true);
  expect(hasArgScope(inner)).toBe(true);
  expect(argScopeFunctionKey(inner)).toBe(argScopeFunctionKey(decorated));
  expect(hasArgScope((x: number) => x)).toBe(false);
});

test('testCurrentArgScopeNested', () => {
  argScope([func1], { a: 1, b: null }, (outer) => {
    expect(currentArgScope()).toBe(outer);
    argScope([func2], { b: 2, d: [2] }, (inner) => {
      expect(currentArgScope()).toBe(inner);
      expect(inner.of(func1)).toEqual({ a: 1, b: null });
      expect(inner.of(func2)).toEqual({ b: 2, d: [2] });
    });
    expect(currentArgScope()).toBe(outer);
  });
});

test('testReuseArgScope', () => {
  const first = argScope([func1], { a: 1, b: null, c: [1] }, (sc) => sc);
  argScope(first, (again) => {
    expect(again).toEqual(first);
    expect(again).not.toBe(first);
    expect(currentArgScope()).toBe(again);
    expect(func1(0)).toEqual([0, { a: 1, b: null, c: [1] }]);
  });
});

test('testReuseArgScopeNested', () => {
  const first = argScope([func1], { a: 1, b: null, c: [1] }, (sc) => sc);
  const both = argScope([func1], { a: 1, b: null, c: [1] }, () => argScope([func2], { b: 2, d: [2] }, (sc) => sc));
  argScope(first, (sc1) => {
    expect(sc1).toEqual(first);
    argScope(both, (sc2) => expect(sc2).toEqual(both));
    expect(currentArgScope()).toBe(sc1);
  });
});

test('testReuseArgScope: defaults beside a captured scope are refused', () => {
  const captured = argScope([func1], { a: 1 }, (sc) => sc);
  expect(() => argScope(captured as never, { a: 2 } as never, () => null)).toThrow(/takes no defaults/);
});

test('a captured scope replaces what surrounds it', () => {
  const make = () => argScope([func1], { a: 1, b: null, c: [1] }, (sc) => sc);
  const outside = make();
  argScope([func1], { b: 2, d: 10 }, () => {
    expect(argScope(outside, () => func1(0))).toEqual([0, { a: 1, b: null, c: [1] }]);
    expect(argScope(make(), () => func1(0))).toEqual([0, { a: 1, b: null, c: [1], d: 10 }]);
  });
});

test('testSimpleArgScope', () => {
  argScope([func1], { a: 1, b: null, c: [1] }, () => expect(func1(0)).toEqual([0, { a: 1, b: null, c: [1] }]));
});

test('testSimpleArgScopeWithTuple', () => {
  argScope([func1] as const, { a: 1, b: null, c: [1] }, () => expect(func1(0)).toEqual([0, { a: 1, b: null, c: [1] }]));
});

test('testOverwriteArgScope', () => {
  argScope([func1], { a: 1, b: null, c: [1] }, () => expect(func1(0, { b: 2 })).toEqual([0, { a: 1, b: 2, c: [1] }]));
});

test('testNestedArgScope', () => {
  argScope([func1], { a: 1, b: null, c: [1] }, () => {
    expect(func1(0)).toEqual([0, { a: 1, b: null, c: [1] }]);
    argScope([func1], { b: 2 }, () => expect(func1(0)).toEqual([0, { a: 1, b: 2, c: [1] }]));
    expect(func1(0)).toEqual([0, { a: 1, b: null, c: [1] }]);
  });
});

test('testNestedArgScopeObjectCreatedOutsideScopeOverridesArgScope', () => {
  const captured = argScope([func1], { a: 1, b: null, c: [1] }, (sc) => sc);
  argScope([func1], { b: 2, d: 10 }, () =>
    argScope(captured, () => expect(func1(0)).toEqual([0, { a: 1, b: null, c: [1] }])),
  );
});

test('testNestedArgScopeObjectCreatedWithinScopeInheritsArgScope', () => {
  const make = () => argScope([func1], { a: 1, b: null, c: [1] }, (sc) => sc);
  argScope([func1], { b: 2, d: 10 }, () =>
    argScope(make(), () => expect(func1(0)).toEqual([0, { a: 1, b: null, c: [1], d: 10 }])),
  );
});

test('testSharedArgScope', () => {
  argScope([func1, func2], { a: 1, b: null, c: [1] }, () => {
    expect(func1(0)).toEqual([0, { a: 1, b: null, c: [1] }]);
    expect(func2(0)).toEqual([0, { a: 1, b: null, c: [1] }]);
  });
});

test('testSharedArgScopeTuple', () => {
  argScope([func1, func2] as const, { a: 1, b: null, c: [1] }, () =>
    expect(func2(0)).toEqual([0, { a: 1, b: null, c: [1] }]),
  );
});

test('testPartiallySharedArgScope', () => {
  argScope([func1, func2], { a: 1, b: null }, () =>
    argScope([func1], { c: [1] }, () =>
      argScope([func2], { d: [2] }, () => {
        expect(func1(0)).toEqual([0, { a: 1, b: null, c: [1] }]);
        expect(func2(0)).toEqual([0, { a: 1, b: null, d: [2] }]);
      }),
    ),
  );
});

test('testAddArgScopeRaceCondition: functions of one name that are made again and again stay apart', () => {
  const made = Array.from({ length: 4 }, (_, i) =>
    addArgScope(
      'func4',
      { a: 0, b: 0, c: 0, d: 0, e: 0 },
      (_: number, o: Record<'a' | 'b' | 'c' | 'd' | 'e', number>) => [i, o.a],
    ),
  );
  for (const fn of made) expect(argScopedArguments(fn)).toEqual(['a', 'b', 'c', 'd', 'e']);
  const [first, ...others] = made as [(typeof made)[number], ...typeof made];
  argScope([first], { a: 1 }, () => {
    expect(first(0)).toEqual([0, 1]);
    expect(others.map((fn) => fn(0))).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
    ]);
  });
});

test('testDocString: a decorated function keeps its name and number of parameters', () => {
  expect(func1.name).toBe('func1');
  expect(func1).toHaveLength(1);
});
