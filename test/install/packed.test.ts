import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runChild, runNode } from './support.js';

describe('the packed package, installed by npm into an empty project', () => {
  const project = mkdtempSync(join(tmpdir(), 'slimnet-install-'));
  const installed = join(project, 'node_modules', 'slimnet');

  beforeAll(() => {
    const packed = runChild(process.execPath, [join(root, 'scripts', 'pack.mjs'), '--no-setup'], root, 120_000);
    expect(packed).toMatchObject({ status: 0 });
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'user', private: true }));
    const args = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', packed.stdout.trim()];
    expect(runChild('npm', args, project, 240_000)).toMatchObject({ status: 0 });
  }, 400_000);
  afterAll(() => rmSync(project, { recursive: true }));

  test('has nothing that makes npm build it', () => {
    const description = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(readdirSync(installed)).not.toContain('binding.gyp');
    expect(readdirSync(installed)).not.toContain('scripts');
    expect(description).not.toHaveProperty('scripts');
    expect(description).not.toHaveProperty('gypfile');
  });

  test('carries the licences, its own and that of what is linked in', () => {
    expect(readdirSync(installed)).toContain('LICENSE');
    expect(readdirSync(join(installed, 'native', 'prebuilt', 'licences', 'oneDNN'))).toContain('LICENSE');
  });

  test('has one addon, named after its version, and stays small', () => {
    const prebuilt = join(installed, 'native', 'prebuilt');
    const [platform] = readdirSync(prebuilt).filter((name) => name !== 'licences');
    const files = readdirSync(join(prebuilt, platform ?? ''));
    expect(files).toEqual([expect.stringMatching(/^slimnet-\d+\.\d+\.\d+\.node$/)]);
    expect(statSync(join(prebuilt, platform ?? '', files[0] ?? '')).size).toBeLessThan(60e6);
  });

  test.each([
    ['module', "import { devices } from 'slimnet'; console.log((await devices()).length > 0)"],
    ['commonjs', "(async () => console.log((await require('slimnet').devices()).length > 0))()"],
  ] as const)('runs its addon from %s code', (kind, code) => {
    const result = runNode(kind, code, project);
    expect(result.stdout.trim()).toBe('true');
    expect(result.status).toBe(0);
  });

  test('has a command line that starts', () => {
    const result = runChild(join(project, 'node_modules', '.bin', 'slimnet'), ['--version'], project);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(result.stdout).toContain(version);
    expect(result.status).toBe(0);
  });
});
