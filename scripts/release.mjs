/**
 * `node scripts/release.mjs [--platform NAME]... [--main-only] [--folder DIR]` packs what is published into build/packages (or DIR): slimnet, and the addon of each
 * platform (all, or those that are named). The same sources give the same bytes. `release.json` there has versions, sizes and hashes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { commandLine } from './lib/command_line.mjs';
import { main, SetupError } from './lib/console.mjs';
import { packageJson } from './lib/paths.mjs';
import { buildPlatform } from './lib/release/native_build.mjs';
import { contents, pack, packagesFolder, platformTable, stageMain, stagePlatform } from './lib/release/packages.mjs';
import { jsonText } from './lib/release/records.mjs';
import { targets } from './lib/release/targets.mjs';
import { buildTypeScript, installModules } from './lib/steps.mjs';

await main(async () => {
  const { values } = commandLine(import.meta.url, {
    options: {
      platform: { type: 'string', multiple: true },
      'main-only': { type: 'boolean', default: false },
      folder: { type: 'string', default: packagesFolder },
    },
  });
  await installModules();
  await buildTypeScript();
  const platforms = await platformTable();
  const names = values['main-only'] ? [] : (values.platform ?? Object.keys(targets));
  for (const name of names)
    if (!platforms[name])
      throw new SetupError(`there is no platform ${name}; known: ${Object.keys(platforms).join(', ')}`);
  const folder = resolve(values.folder);
  mkdirSync(folder, { recursive: true });
  const folders = [await stageMain(platforms, folder)];
  for (const name of names) folders.push(await stagePlatform(name, platforms[name], await buildPlatform(name), folder));
  const packages = folders.map((staged) => {
    const { file, ...rest } = pack(staged);
    process.stdout.write(`${file}  ${(rest.bytes / 1e6).toFixed(2)} MB  sha256 ${rest.sha256}\n`);
    return { file: basename(file), ...rest, contents: contents(staged) };
  });
  writeFileSync(join(folder, 'release.json'), jsonText({ version: packageJson().version, packages }));
});
