// Builds the site into site/build/html, from README.md, docs/ and what else people read: npm run site
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { others, sections } from './pages.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const top = join(here, '..');
// Below the generator's packages, which pages find from where they are.
const pages = join(here, 'build', 'pages');

const listed = sections.flatMap((section) => section.pages);
const there = readdirSync(join(top, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => name.slice(0, -3));
const unlisted = there.filter((name) => !listed.includes(name));
const absent = listed.filter((name) => !there.includes(name));
if (unlisted.length > 0 || absent.length > 0) {
  console.error(
    [
      ...unlisted.map((name) => `docs/${name}.md stands in no section of site/pages.mjs`),
      ...absent.map((name) => `site/pages.mjs names docs/${name}.md, which is not there`),
    ].join('\n'),
  );
  process.exit(1);
}

rmSync(pages, { recursive: true, force: true });
mkdirSync(pages, { recursive: true });
cpSync(join(top, 'docs'), join(pages, 'docs'), { recursive: true });
for (const [file, { page }] of Object.entries(others)) cpSync(join(top, file), join(pages, `${page}.md`));

if (!existsSync(join(here, 'node_modules')))
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
const { build } = await import('vitepress');
await build(here);
