/**
 * `node scripts/pack.mjs`: builds slimnet and packs what is published, from a staged folder: dist, the addon of this
 * platform, the documents and the licences, but no binding.gyp and no scripts (npm would run node-gyp because of the one
 * and blocks the others). Prints the path of the tarball.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { main, SetupError } from './lib/console.mjs';
import { packageJson, root } from './lib/paths.mjs';
import { capture } from './lib/process.mjs';
import { addonFile, buildFolder, setUp } from './lib/steps.mjs';

/** package.json as it is published. */
export function publishedPackageJson({ scripts: _scripts, devDependencies: _development, jest: _jest, ...rest }) {
  return rest;
}

/** `linux-x64`, `linux-arm64-musl`: the name that lib/native/binding.ts looks for. */
async function platformName() {
  return (await import(join(root, 'build', 'lib', 'native', 'binding.js'))).platformName();
}

async function stage(folder) {
  const description = packageJson();
  rmSync(folder, { recursive: true, force: true });
  const place = (from, to) => {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(from, join(folder, to), { recursive: true });
  };
  for (const name of ['dist', 'README.md', 'CHANGELOG.md', 'LICENSE']) {
    if (existsSync(join(root, name))) place(join(root, name), name);
  }
  const addon = `native/prebuilt/${await platformName()}/slimnet-${description.version}.node`;
  place(join(root, addonFile('release')), addon);
  const stripped = capture('strip', ['--strip-unneeded', join(folder, addon)]);
  if (stripped.status !== 0) throw new SetupError(`strip failed: ${stripped.stderr.trim()}`);
  // The oneDNN that was linked, as CMake noted it down.
  const onednn = readFileSync(join(root, buildFolder('release'), 'onednn_root.txt'), 'utf8');
  const licences = join(onednn, 'share', 'doc', 'dnnl');
  if (!existsSync(join(licences, 'LICENSE'))) {
    throw new SetupError(`oneDNN's licence, which must go with the addon, is not in ${licences}`);
  }
  for (const file of ['LICENSE', 'THIRD-PARTY-PROGRAMS'])
    place(join(licences, file), `native/prebuilt/licences/oneDNN/${file}`);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(publishedPackageJson(description), null, 2)}\n`);
}

if (process.argv[1] === import.meta.filename) {
  main(async () => {
    const { values } = parseArgs({ options: { 'no-setup': { type: 'boolean', default: false } } });
    if (!values['no-setup']) await setUp();
    const folder = join(root, 'build', 'package');
    await stage(folder);
    const packed = capture('npm', ['pack', '--silent', '--pack-destination', join(root, 'build')], { cwd: folder });
    if (packed.status !== 0) throw new SetupError(`npm pack failed: ${packed.stderr.trim()}`);
    process.stdout.write(`${join(root, 'build', packed.stdout.trim())}\n`);
  });
}
