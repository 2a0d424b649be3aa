// Writes native/gen from the op declarations in lib/ops (as compiled into build/lib) and from the files of the backends.
//   node scripts/gen_ops.mjs            writes the headers
//   node scripts/gen_ops.mjs --check    exits with 1 when a committed header is stale
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from './lib/command_line.mjs';
import { main, SetupError } from './lib/console.mjs';
import { backendHeader, opHeader } from './lib/op_header.mjs';
import { root } from './lib/paths.mjs';

function compiled(file) {
  const path = join(root, 'build', 'lib', file);
  if (!existsSync(path)) throw new SetupError('lib/ is not compiled: run `npm run build:ts` first');
  return import(path);
}

await main(async () => {
  const { values } = commandLine(import.meta.url, { options: { check: { type: 'boolean', default: false } } });
  const { allOps } = await compiled('ops/all.js');
  const { traitValues } = await compiled('core/traits.js');
  const backends = join(root, 'native', 'backends');
  // The backends that have a file for each op that they compute themselves.
  const withOps = readdirSync(backends).filter((folder) => existsSync(join(backends, folder, 'ops.h')));
  const headers = new Map([
    ['ops.gen.h', opHeader(allOps, traitValues)],
    ...withOps.map((name) => [`${name}_ops.gen.h`, backendHeader(name, readdirSync(join(backends, name)), allOps)]),
  ]);
  let stale = 0;
  for (const [name, text] of headers) {
    const target = join(root, 'native', 'gen', name);
    if (!values.check) writeFileSync(target, text);
    else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
      console.error(`native/gen/${name} is stale: run \`npm run gen\`.`);
      stale++;
    }
  }
  return stale === 0 ? 0 : 1;
});
