import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianMirror, parseSourcesList, sourceList } from '../../../scripts/lib/apt_source.mjs';
import { duration, progress } from '../../../scripts/lib/console.mjs';
import { tryLock, withLock } from '../../../scripts/lib/lock.mjs';
import {
  applyPatches,
  buildKey,
  buildRecipe,
  parallelJobs,
  parseProgress,
} from '../../../scripts/lib/onednn_build.mjs';
import { stamp, touchChangedSince } from '../../../scripts/lib/stamps.mjs';
import { modulesMatchLock } from '../../../scripts/lib/steps.mjs';
import { installLine, missingTools, rootPrefix } from '../../../scripts/lib/tools.mjs';

const folder = mkdtempSync(join(tmpdir(), 'slimnet-setup-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a stamp', () => {
  const base = join(folder, 'stamped');
  const make = (extra = '') =>
    stamp(join(base, 'stamp.json'), { base, inputs: ['in', 'one.txt'], outputs: ['out.bin'], extra });
  beforeEach(() => {
    rmSync(base, { recursive: true, force: true });
    mkdirSync(join(base, 'in'), { recursive: true });
    writeFileSync(join(base, 'in', 'a.cc'), 'a');
    writeFileSync(join(base, 'one.txt'), '1');
    writeFileSync(join(base, 'out.bin'), '');
    make().take()();
  });

  test('is fresh while nothing changed, and when only times did', () => {
    expect(make().isFresh()).toBe(true);
    utimesSync(join(base, 'in', 'a.cc'), new Date(0), new Date(0));
    expect(make().isFresh()).toBe(true);
  });

  test('is stale after a change, a new file, a lost output, or another extra text', () => {
    expect(make('other').isFresh()).toBe(false);
    writeFileSync(join(base, 'in', 'b.cc'), 'b');
    expect(make().isFresh()).toBe(false);
    rmSync(join(base, 'in', 'b.cc'));
    expect(make().isFresh()).toBe(true);
    writeFileSync(join(base, 'in', 'a.cc'), 'b');
    expect(make().isFresh()).toBe(false);
    writeFileSync(join(base, 'in', 'a.cc'), 'a');
    rmSync(join(base, 'out.bin'));
    expect(make().isFresh()).toBe(false);
  });

  test('records the inputs as they were before the step, not what changed while it ran', () => {
    const mark = make().take();
    writeFileSync(join(base, 'one.txt'), 'edited during the build');
    mark();
    expect(make().isFresh()).toBe(false);
  });

  test('what is edited while make compiles it is compiled again', () => {
    // The edit comes from the recipe itself, before its result is written.
    writeFileSync(
      join(base, 'Makefile'),
      'result: in/a.cc\n\tcp in/a.cc copy\n\tsleep 0.02\n\techo later > in/a.cc\n\tsleep 0.02\n\tmv copy result\n\ttouch result\n',
    );
    const make = () => spawnSync('make', ['-s'], { cwd: base, encoding: 'utf8' });
    const begun = Date.now();
    expect(make().stderr).toBe('');
    expect(readFileSync(join(base, 'result'), 'utf8')).toBe('a');
    touchChangedSince(begun, { base, inputs: ['in', 'one.txt', 'missing'] });
    make();
    expect(readFileSync(join(base, 'result'), 'utf8')).toBe('later\n');
  });
});

describe('a lock', () => {
  const path = join(folder, 'lock');
  afterEach(() => rmSync(path, { force: true }));

  test('is held by one at a time and released after an error', async () => {
    await expect(withLock(path, 'testing', () => Promise.resolve(tryLock(path)))).resolves.toBe(false);
    await expect(withLock(path, 'testing', () => Promise.reject(new Error('inside')))).rejects.toThrow('inside');
    expect(existsSync(path)).toBe(false);
  });

  test('of a process that has ended is taken over', async () => {
    const child = spawn(process.execPath, ['-e', '0']);
    await new Promise((resolve) => child.on('close', resolve));
    writeFileSync(path, JSON.stringify({ pid: child.pid, host: hostname(), started: null }));
    expect(tryLock(path)).toBe(true);
  });

  test('of an earlier process with the number of a living one is taken over', () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname(), started: 'another time' }));
    expect(tryLock(path)).toBe(true);
  });

  test('of another machine is respected', () => {
    writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere', started: null }));
    expect(tryLock(path)).toBe(false);
  });

  test('serialises those who wait', async () => {
    const order: string[] = [];
    const worker = (name: string) =>
      withLock(
        path,
        'testing',
        async () => {
          order.push(`${name} in`);
          await new Promise((resolve) => setTimeout(resolve, 20));
          order.push(`${name} out`);
        },
        { pollMs: 5 },
      );
    await Promise.all([worker('a'), worker('b')]);
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out']);
  });
});

describe('missing tools', () => {
  test('are those that are not on PATH', () => {
    expect(
      missingTools({ cmake: 'cmake', 'g++': 'g++' }, (tool: string) => (tool === 'cmake' ? null : `/usr/bin/${tool}`)),
    ).toEqual(['cmake']);
  });

  test('are installed as root, or with a sudo that asks no password, or not at all', () => {
    const sudo = () => '/usr/bin/sudo';
    const probe = (status: number) => () => ({ status, stdout: '', stderr: '' });
    expect(rootPrefix({ uid: 0 })).toEqual([]);
    expect(rootPrefix({ uid: 1000, find: sudo, probe: probe(0) })).toEqual(['sudo', '-n']);
    expect(rootPrefix({ uid: 1000, find: sudo, probe: probe(1) })).toBeNull();
    expect(rootPrefix({ uid: 1000, find: () => null, probe: probe(0) })).toBeNull();
    expect(installLine(['cmake', 'g++'])).toBe('sudo apt-get update && sudo apt-get install -y cmake g++');
  });
});

describe("the machine's own Debian source", () => {
  const etc = join(folder, 'apt');
  const release = join(folder, 'os-release');
  const mirror = () => debianMirror({ folder: etc, osRelease: release });
  const parts = (files: Record<string, string>) => {
    rmSync(etc, { recursive: true, force: true });
    mkdirSync(join(etc, 'sources.list.d'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(etc, name), text);
  };
  beforeAll(() => writeFileSync(release, 'ID=debian\nVERSION_CODENAME=bookworm\n'));

  test('is found in deb822 form, past security updates and third parties', () => {
    parts({
      'sources.list.d/a.sources':
        'Types: deb\nURIs: http://example.org/security\nSuites: bookworm-security\nComponents: main\n\n' +
        '# the archive\nTypes: deb\nURIs: http://example.org/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /key.gpg\n',
      'sources.list.d/other.list': 'deb https://example.org/vendor nodistro main\n',
    });
    expect(mirror()).toEqual({ uri: 'http://example.org/debian', signedBy: '/key.gpg' });
  });

  test('is found in one-line form', () => {
    parts({ 'sources.list': '# c\ndeb [arch=amd64 signed-by=/k.gpg] http://example.org/d bookworm main contrib\n' });
    expect(mirror()).toEqual({ uri: 'http://example.org/d', signedBy: '/k.gpg' });
    expect(parseSourcesList('deb-src http://a b main')).toEqual([
      { types: 'deb-src', uris: 'http://a', suites: 'b', components: 'main' },
    ]);
  });

  test('is none on another system, or where nothing fits', () => {
    parts({ 'sources.list': 'deb http://example.org/d bullseye main\n' });
    expect(mirror()).toBeNull();
    expect(debianMirror({ folder: etc, osRelease: '/nowhere' })).toBeNull();
  });

  test('becomes a source list of another suite', () => {
    expect(sourceList({ uri: 'http://example.org/d', signedBy: '/k.gpg' }, 'trixie')).toBe(
      'Types: deb-src\nURIs: http://example.org/d\nSuites: trixie\nComponents: main\nSigned-By: /k.gpg\n',
    );
    expect(sourceList({ uri: 'u', signedBy: '-----BEGIN\n.\nxyz' }, 'trixie')).toContain(
      'Signed-By:\n -----BEGIN\n .\n xyz\n',
    );
  });
});

describe('the build of oneDNN', () => {
  const entry = { version: '3.7.2', tree: 'aa' };
  const recipe = {
    options: { A: '1' },
    prune: ['x.cpp'],
    patches: [{ file: 'y.cpp', replace: [{ from: 'a', to: 'b' }] }],
    added: ['o'],
  };

  test('has a key that depends on version, sources, options, pruning, patches and compiler', () => {
    const key = buildKey(entry, recipe, 'g++ 12');
    expect(key).toMatch(/^3\.7\.2-[0-9a-f]{16}$/);
    expect(buildKey(entry, { ...recipe }, 'g++ 12')).toBe(key);
    expect(buildKey({ ...entry, tree: 'bb' }, recipe, 'g++ 12')).not.toBe(key);
    expect(buildKey(entry, { ...recipe, options: { A: '2' } }, 'g++ 12')).not.toBe(key);
    expect(buildKey(entry, { ...recipe, prune: [] }, 'g++ 12')).not.toBe(key);
    expect(buildKey(entry, { ...recipe, patches: [] }, 'g++ 12')).not.toBe(key);
    expect(buildKey(entry, { ...recipe, added: ['p'] }, 'g++ 12')).not.toBe(key);
    expect(buildKey(entry, recipe, 'g++ 13')).not.toBe(key);
  });

  test('leaves out no file twice and nothing that later work needs (AMX, int8, backward)', () => {
    const { prune } = buildRecipe() as { prune: string[] };
    expect(new Set(prune).size).toBe(prune.length);
    expect(
      prune.filter((path) => /amx_(1x1_)?conv|x8s8s32x_(1x1_)?convolution|conv_bwd|brgemm_matmul/.test(path)),
    ).toEqual([]);
  });

  test('patches a text that stands once, and refuses one that a new version moved or doubled', () => {
    const source = join(folder, 'patched');
    const patches = [{ file: 'a.cpp', why: 'a test', replace: [{ from: 'max(x, 0)', to: 'max(0, x)' }] }];
    const write = (text: string) => {
      mkdirSync(source, { recursive: true });
      writeFileSync(join(source, 'a.cpp'), text);
    };
    write('y = max(x, 0);');
    applyPatches(source, patches);
    expect(readFileSync(join(source, 'a.cpp'), 'utf8')).toBe('y = max(0, x);');
    expect(() => applyPatches(source, patches)).toThrow(/patches a\.cpp.*stands 0 times instead of once:\nmax\(x, 0\)/);
    write('max(x, 0); max(x, 0)');
    expect(() => applyPatches(source, patches)).toThrow(/stands 2 times instead of once/);
  });

  test('uses no more compilers than processors, and none without memory for it', () => {
    expect(parallelJobs(8, 64 * 2 ** 30, '')).toBe(8);
    expect(parallelJobs(8, 3 * 2 ** 30, '')).toBeLessThanOrEqual(3);
    expect(parallelJobs(8, 2 ** 20, '')).toBe(1);
    expect(parallelJobs(8, 64 * 2 ** 30, '3')).toBe(3);
  });

  test('tells its progress from what make or ninja print', () => {
    expect(parseProgress('[ 52%] Building CXX object x.o')).toBe(0.52);
    expect(parseProgress('[12/48] Building CXX object x.o')).toBe(0.25);
    expect(parseProgress('make[1]: Leaving directory')).toBeNull();
  });
});

describe('progress', () => {
  test('prints lines rarely in a pipe', () => {
    const lines: string[] = [];
    let clock = 0;
    const stream = { isTTY: false, write: (text: string) => lines.push(text) };
    const bar = progress('building', { stream: stream as never, everySeconds: 10, now: () => clock });
    for (let second = 0; second <= 60; second += 1) {
      clock = second * 1000;
      bar.update(second / 100);
    }
    bar.done();
    expect(lines).toHaveLength(7);
    expect(lines[0]).toBe('slimnet: building: 10 % (10 s)\n');
    expect(lines.at(-1)).toBe('slimnet: building: done in 1 min 00 s\n');
  });

  test('is redrawn in place on a terminal', () => {
    const lines: string[] = [];
    const bar = progress('building', { stream: { isTTY: true, write: (text: string) => lines.push(text) } as never });
    bar.update(0.5);
    bar.update(0.5);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.startsWith('\r')).toBe(true);
  });

  test('names durations as people do', () => {
    expect([duration(8.4), duration(59.6), duration(185)]).toEqual(['8 s', '1 min 00 s', '3 min 05 s']);
  });
});

describe('node_modules', () => {
  const wanted = {
    packages: {
      '': { version: '9' },
      'node_modules/a': { version: '1' },
      'node_modules/b': { version: '2', optional: true },
    },
  };

  test('match the lock file when every package that is not optional is there in its version', () => {
    expect(modulesMatchLock(wanted, { packages: { 'node_modules/a': { version: '1' } } })).toBe(true);
    expect(modulesMatchLock(wanted, { packages: { 'node_modules/a': { version: '2' } } })).toBe(false);
    expect(modulesMatchLock(wanted, { packages: {} })).toBe(false);
  });
});
