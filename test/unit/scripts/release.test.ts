import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platforms } from '../../../lib/native/platforms.js';
import { sha256 } from '../../../scripts/lib/hash.mjs';
import { takePackedAddon } from '../../../scripts/lib/packed_addon.mjs';
import { capture } from '../../../scripts/lib/process.mjs';
import { parseRequirements, problemsOn } from '../../../scripts/lib/release/elf.mjs';
import { targets } from '../../../scripts/lib/release/targets.mjs';

const dynamic = `
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
 0x0000000000000001 (NEEDED)             Shared library: [libstdc++.so.6]
 0x000000000000000e (SONAME)             Library soname: [other.so]
`;
const symbols = `
     1: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND malloc@GLIBC_2.2.5 (3)
     2: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND stat@GLIBC_2.33 (4)
     3: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND memcpy@GLIBC_2.14 (5)
     4: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND napi_create_object
     5: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND arc4random
     6: 0000000000000000     0 NOTYPE  WEAK   DEFAULT  UND _ITM_registerTMCloneTable
     7: 0000000000001000    10 FUNC    GLOBAL DEFAULT   12 napi_register_module_v1
`;

describe('what a shared object asks for', () => {
  const requirements = parseRequirements(dynamic, symbols);

  test('are its libraries, the versions of its symbols, oldest first, and symbols without one', () => {
    expect(requirements).toEqual({
      libraries: ['libc.so.6', 'libstdc++.so.6'],
      versions: { GLIBC: ['2.2.5', '2.14', '2.33'] },
      unversioned: ['napi_create_object', 'arc4random'],
    });
  });

  test('is a problem where an old system has it not', () => {
    expect(problemsOn({ libc: 'glibc', oldestLibc: '2.28' }, requirements)).toEqual([
      'it needs the library libstdc++.so.6',
      'it needs glibc 2.33, and 2.28 is promised',
      'it needs symbols that no version of glibc names: arc4random',
    ]);
    const modest = { libraries: ['libc.so.6'], versions: { GLIBC: ['2.9', '2.28'] }, unversioned: ['napi_throw'] };
    expect(problemsOn({ libc: 'glibc', oldestLibc: '2.28' }, modest)).toEqual([]);
    expect(problemsOn({ libc: 'musl', oldestLibc: '1.2' }, modest)).toEqual([
      'it needs the library libc.so.6',
      'it needs symbols of GLIBC, which musl has not',
    ]);
  });
});

test('every platform that has a package has a way to build it', () => {
  expect(Object.keys(targets)).toEqual(Object.keys(platforms));
});

describe('a packed addon takes the place of a build', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-packed-addon-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const target = join(folder, 'build', 'slimnet.node');
  const wanted = { platform: 'linux-x64', modules: join(folder, 'node_modules'), version: '1.2.3' };
  const installed = join(wanted.modules, '@slimnet', 'linux-x64');

  function lay(place: string, record: object) {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'slimnet.node'), 'addon');
    const whole = { version: '1.2.3', sources: 'abc', addon: { sha256: sha256('addon') }, ...record };
    writeFileSync(join(place, 'provenance.json'), JSON.stringify(whole));
  }
  /** What was said on the way. */
  function take(sources = 'abc', folders: string[] = []): { taken: boolean; said: string } {
    const said = jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
    try {
      return { taken: takePackedAddon(target, sources, { ...wanted, folders }), said: said.mock.calls.flat().join('') };
    } finally {
      said.mockRestore();
    }
  }
  beforeEach(() => {
    for (const each of ['build', 'node_modules', 'tarballs'])
      rmSync(join(folder, each), { recursive: true, force: true });
  });

  test('where it is installed, and says so', () => {
    lay(installed, {});
    expect(take()).toEqual({ taken: true, said: expect.stringContaining('@slimnet/linux-x64 1.2.3') });
    expect(take().said).toContain('nothing is compiled');
    expect(readFileSync(target, 'utf8')).toBe('addon');
  });

  test('where it stands in a folder as a tarball', () => {
    const tarballs = join(folder, 'tarballs');
    lay(join(tarballs, 'package'), {});
    capture('tar', ['-czf', 'slimnet-linux-x64-1.2.3.tgz', 'package'], { cwd: tarballs });
    expect(take('abc', [tarballs]).taken).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('addon');
  });

  test.each([
    ['of another version', { version: '1.2.4' }, 'it is of version 1.2.4, and this is 1.2.3'],
    ['of other sources', { sources: 'xyz' }, 'it was made of other native sources'],
    ['other than its record says', { addon: { sha256: sha256('else') } }, 'its addon is not the one of its record'],
  ])('but not one that is %s, which is said', (_, record, why) => {
    lay(installed, record);
    expect(take()).toEqual({ taken: false, said: expect.stringContaining(why) });
  });

  test('and nothing is said where there is none', () => {
    expect(take('abc', [join(folder, 'nowhere')])).toEqual({ taken: false, said: '' });
  });
});
