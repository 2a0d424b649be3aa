// Writes native/gen/ops.gen.h from the op declarations in lib/ops (as compiled into build/lib).
//   node scripts/gen_ops.mjs            writes the header
//   node scripts/gen_ops.mjs --check    exits with 1 when the committed header is stale
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { opHeader } from './lib/op_header.mjs';

const target = fileURLToPath(new URL('../native/gen/ops.gen.h', import.meta.url));
const compiled = (file) => import(new URL(`../build/lib/${file}`, import.meta.url).href);
const { allOps } = await compiled('ops/all.js');
const { traitValues } = await compiled('core/traits.js');
const text = opHeader(allOps, traitValues);

if (process.argv.includes('--check')) {
  let current = '';
  try {
    current = readFileSync(target, 'utf8');
  } catch {}
  if (current !== text) {
    console.error('native/gen/ops.gen.h is stale: run `npm run gen`.');
    process.exit(1);
  }
} else writeFileSync(target, text);
