/** Gradients are written in the vocabulary alone, so that the files of ops do not refer to each other in circles. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allOps } from '../../../lib/ops/all.js';
import { importsOf } from '../../../scripts/check_layers.mjs';

const folder = join(__dirname, '..', '..', '..', 'lib', 'ops');

test('the file of an op imports no other op', () => {
  const files = new Set(allOps.map((op) => `./${op.name}.js`));
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(allOps.map((op) => `${op.name}.ts`)));
  for (const { name } of allOps) {
    const imported = importsOf(readFileSync(join(folder, `${name}.ts`), 'utf8')).map(({ specifier }) => specifier);
    const wrong = imported.filter((path) => files.has(path) || path === './index.js' || path === './vocabulary.js');
    expect([name, wrong]).toEqual([name, []]);
  }
});
