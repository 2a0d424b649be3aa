import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sections } from '../../../site/pages.mjs';

test('each page of docs/ has one place in the contents of the site, and nothing else has', () => {
  const there = readdirSync(join(__dirname, '../../../docs')).filter((name) => name.endsWith('.md'));
  const listed = sections.flatMap(({ pages }) => pages).map((page) => `${page}.md`);
  expect(listed.sort()).toEqual(there.sort());
});
