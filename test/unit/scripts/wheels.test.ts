import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256OfFile } from '../../../scripts/lib/hash.mjs';
import { unpackWheels } from '../../../scripts/lib/wheels.mjs';

describe('files out of Python packages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-wheels-'));
  const wheel = join(folder, 'slimnet_thing-1.0-py3-none-any.whl');
  let options: string | undefined;

  beforeAll(() => {
    // A wheel is an archive with three files about itself.
    const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    z.writestr('thing/data.txt', 'of the package')
    z.writestr('slimnet_thing-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: slimnet-thing\\nVersion: 1.0\\n')
    z.writestr('slimnet_thing-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    z.writestr('slimnet_thing-1.0.dist-info/RECORD', '')
`;
    execFileSync('python3', ['-c', script, wheel]);
    options = process.env.PIP_FIND_LINKS;
    process.env.PIP_FIND_LINKS = folder;
    process.env.PIP_NO_INDEX = '1';
  });

  afterAll(() => {
    delete process.env.PIP_NO_INDEX;
    if (options === undefined) delete process.env.PIP_FIND_LINKS;
    else process.env.PIP_FIND_LINKS = options;
    rmSync(folder, { recursive: true });
  });

  const get = (sha256: string, name = 'slimnet-thing') => {
    const work = mkdtempSync(join(folder, 'work-'));
    unpackWheels({ packages: [{ name, version: '1.0', sha256 }] }, work, join(work, 'tree'));
    return join(work, 'tree');
  };

  test('are taken from the package of the recorded hash', () => {
    expect(readFileSync(join(get(sha256OfFile(wheel)), 'thing', 'data.txt'), 'utf8')).toBe('of the package');
  });

  test('are refused where the package has another hash', () => {
    expect(() => get('0'.repeat(64))).toThrow(/pip could not get it: .*/);
  });

  test('that no index has are an error with what pip says', () => {
    expect(() => get('0'.repeat(64), 'slimnet-nothing')).toThrow(/pip could not get it: ERROR: .*slimnet-nothing/);
  });
});
