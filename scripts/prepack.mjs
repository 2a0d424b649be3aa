/**
 * What npm runs before it packs (`npm pack`, `npm publish`, and a dependency on the repository): builds slimnet and puts the addon of this
 * platform where an installed package has it, with the licences of what is linked into it. `node scripts/prepack.mjs --clean`, which npm runs
 * afterwards, takes that away again.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { main, SetupError } from './lib/console.mjs';
import { packageJson, root } from './lib/paths.mjs';
import { capture } from './lib/process.mjs';
import { addonFile, buildFolder, setUp } from './lib/steps.mjs';

const prebuilt = join(root, 'native', 'prebuilt');

/** `linux-x64`, `linux-arm64-musl`: the name that lib/native/binding.ts looks for. */
async function platformName() {
  return (await import(join(root, 'build', 'lib', 'native', 'binding.js'))).platformName();
}

async function placeAddon() {
  const addon = join(prebuilt, await platformName(), `slimnet-${packageJson().version}.node`);
  mkdirSync(dirname(addon), { recursive: true });
  cpSync(join(root, addonFile('release')), addon);
  const stripped = capture('strip', ['--strip-unneeded', addon]);
  if (stripped.status !== 0) throw new SetupError(`strip failed: ${stripped.stderr.trim()}`);
}

function placeLicences() {
  // The oneDNN that was linked, as CMake noted it down.
  const onednn = readFileSync(join(root, buildFolder('release'), 'onednn_root.txt'), 'utf8');
  const licences = join(onednn, 'share', 'doc', 'dnnl');
  if (!existsSync(join(licences, 'LICENSE'))) {
    throw new SetupError(`oneDNN's licence, which must go with the addon, is not in ${licences}`);
  }
  for (const file of ['LICENSE', 'THIRD-PARTY-PROGRAMS']) {
    cpSync(join(licences, file), join(prebuilt, 'licences', 'oneDNN', file));
  }
}

await main(async () => {
  const { values } = parseArgs({ options: { clean: { type: 'boolean', default: false } } });
  rmSync(prebuilt, { recursive: true, force: true });
  if (values.clean) return;
  await setUp();
  await placeAddon();
  placeLicences();
});
