import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findAddon, glibcHint, platformName } from '../../lib/native/binding.js';

describe('an addon that cannot be loaded', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-addon-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function failureOf(body: () => unknown): { name?: string; code?: string; message: string } {
    try {
      body();
    } catch (error) {
      return error as Error & { code?: string };
    }
    throw new Error('nothing was thrown');
  }

  test('names the platform, the Node-API version, every path that was tried, and the way out', () => {
    const failure = failureOf(() => findAddon({ root: folder, version: '1.2.3' }));
    expect(failure.name).toBe('NativeLoadError');
    expect(failure.code).toBe('ERR_NATIVE_LOAD');
    expect(failure.message).toContain(`${process.platform}-${process.arch}`);
    expect(failure.message).toContain(`Node-API ${process.versions.napi}`);
    expect(failure.message).toContain(`@slimnet/${platformName()}: it is not installed beside ${folder}`);
    expect(failure.message).toContain(join(folder, 'build', 'Release', 'slimnet.node'));
    expect(failure.message).toContain(join(folder, 'build', 'Debug', 'slimnet.node'));
    expect(failure.message).toContain('npm run build');
  });

  test.each([
    ['darwin-arm64', 'There is no slimnet for macOS yet'],
    ['win32-x64', 'use it in WSL 2'],
    ['linux-riscv64', 'There is no published package for linux-riscv64 (there are @slimnet/linux-x64)'],
    ['linux-x64-musl', 'There is no published package for linux-x64-musl'],
  ])('says on %s in one sentence what to do', (name, sentence) => {
    const failure = failureOf(() => findAddon({ root: folder, version: '1.2.3', platformName: name }));
    expect(failure.code).toBe('ERR_NATIVE_LOAD');
    expect(failure.message).toContain(sentence);
  });

  test('is looked for first in a package that somebody has installed in place of the usual one', () => {
    const place = (where: string, name: string, version: string) => {
      const at = join(folder, where, 'node_modules', '@slimnet', name);
      mkdirSync(at, { recursive: true });
      writeFileSync(join(folder, where, 'package.json'), '{}');
      writeFileSync(join(at, 'package.json'), JSON.stringify({ name: `@slimnet/${name}`, version }));
      writeFileSync(join(at, 'slimnet.node'), 'this is no shared object');
      return at;
    };
    const tried = (where: string) => {
      const search = { root: join(folder, where), version: '1.2.3', platformName: 'linux-x64' };
      return (failureOf(() => findAddon(search)).message.match(/^ {2}.*@slimnet.*$/gm) ?? []).map((line) =>
        line.trim(),
      );
    };
    const both = [place('both', 'linux-x64-cuda', '1.2.3'), place('both', 'linux-x64', '1.2.3')];
    expect(tried('both').map((line) => line.split(': ')[0])).toEqual(both.map((at) => join(at, 'slimnet.node')));
    const old = place('old', 'linux-x64-cuda', '1.2.2');
    place('old', 'linux-x64', '1.2.3');
    expect(tried('old')[0]).toBe(`${old}: it is of version 1.2.2, and slimnet is of version 1.2.3`);
    place('usual', 'linux-x64', '1.2.3');
    expect(tried('usual')).toHaveLength(1);
  });

  test('repeats why the dynamic loader refused a file that exists', () => {
    const broken = join(folder, 'broken.node');
    writeFileSync(broken, 'this is no shared object');
    const failure = failureOf(() => findAddon({ root: folder, version: '1.2.3', override: broken }));
    expect(failure.code).toBe('ERR_NATIVE_LOAD');
    expect(failure.message).toMatch(/broken\.node: .*(invalid ELF header|file too short|not a mach-o file)/);
  });

  test('because glibc is too old says which is needed, and which is there', () => {
    const refusal = "/x/slimnet.node: /lib/libc.so.6: version `GLIBC_2.34' not found (required by /x/slimnet.node)";
    expect(glibcHint([refusal])).toMatch(/needs glibc 2\.34 or newer, and this system has (glibc|musl)/);
    expect(glibcHint(['/x/slimnet.node: no such file'])).toBeUndefined();
  });

  test('is tried alone when SLIMNET_ADDON names one', () => {
    const failure = failureOf(() => findAddon({ root: folder, version: '1.2.3', override: '/nowhere/addon.node' }));
    expect(failure.message).toContain('/nowhere/addon.node: no such file');
    expect(failure.message).not.toContain('Release');
    expect(failure.message).toContain('SLIMNET_ADDON is set');
  });
});
