/**
 * `npm run release:matrix [-- --folder DIR] [--only GROUP]...` tries the packages that `npm run release` made (in build/packages, or DIR) as users
 * have them, each in an empty folder with no compiler and no network but a registry on this machine. Groups: `managers` (package managers), `nodes`
 * (versions of Node, with npm 11 and 12), `platforms` (musl, on its own Node: what it computes is compared with what this machine does), `next` (a
 * standalone server of Next.js). What tries them comes from npm's registry, a package index of Python and Debian, once, into the cache. Ends with status 1
 * where something did not work.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commandLine } from './lib/command_line.mjs';
import { main, SetupError } from './lib/console.mjs';
import { packagesFolder, platformTable } from './lib/release/packages.mjs';
import { startRegistry } from './lib/release/registry.mjs';
import { nextTrials } from './lib/release/trials/next.mjs';
import { managerTrials, nodeTrials } from './lib/release/trials/nodes.mjs';
import { platformTrials } from './lib/release/trials/platforms.mjs';
import { buildTypeScript, installModules } from './lib/steps.mjs';

const groups = { managers: managerTrials, nodes: nodeTrials, platforms: platformTrials, next: nextTrials };

await main(async () => {
  const { values } = commandLine(import.meta.url, {
    options: { folder: { type: 'string', default: packagesFolder }, only: { type: 'string', multiple: true } },
  });
  const chosen = values.only ?? Object.keys(groups);
  for (const name of chosen)
    if (!groups[name]) throw new SetupError(`there is no group ${name}; known: ${Object.keys(groups).join(', ')}`);
  const folder = resolve(values.folder);
  const record = join(folder, 'release.json');
  if (!existsSync(record)) throw new SetupError(`there is no ${record}: run \`npm run release\` first`);
  await installModules();
  await buildTypeScript();
  const { version, packages } = JSON.parse(readFileSync(record, 'utf8'));
  const tarballs = packages.map(({ file }) => join(folder, file));
  const platforms = await platformTable();
  const packed = (name) => packages.some(({ file }) => file.startsWith(`slimnet-${name}-${version}.`));
  if (!packed('linux-x64')) throw new SetupError(`${folder} has no @slimnet/linux-x64: run \`npm run release\` first`);
  const registry = await startRegistry(tarballs);
  const context = { url: registry.url, version, platforms };
  let failed = 0;
  try {
    for (const group of chosen) {
      for (const { name, needs, run } of groups[group]) {
        const line = (state, detail) => process.stdout.write(`${state.padEnd(8)}${group}: ${name}: ${detail}\n`);
        if (needs !== undefined && !packed(needs)) {
          line('not run', `${platforms[needs].package} is not among the packages in ${folder}`);
          continue;
        }
        const begun = performance.now();
        try {
          const detail = await run(context);
          line('works', `${detail} (${((performance.now() - begun) / 1000).toFixed(0)} s)`);
        } catch (error) {
          failed += 1;
          line('FAILS', error.message.replaceAll('\n', '\n        '));
        }
      }
    }
  } finally {
    await registry.close();
  }
  if (failed > 0) throw new SetupError(`${failed} of the trials failed`);
});
