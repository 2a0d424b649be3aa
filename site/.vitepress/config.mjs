import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { linkPages } from '../links.mjs';
import { others, sections } from '../pages.mjs';

const read = (file) => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');
const { version } = JSON.parse(read('package.json'));
const titleOf = (page) => /^# (.*)$/m.exec(read(`docs/${page}.md`))[1];
const link = (file) => ({ text: others[file].title, link: `/${others[file].page}` });

// biome-ignore lint/style/noDefaultExport: VitePress takes its configuration from there.
export default {
  title: 'slimnet',
  description: 'Residual networks inside Node.js: run, trained and served at the speed of the hardware',
  srcDir: './build/pages',
  outDir: './build/html',
  cacheDir: './build/cache',
  // Wherever the site is put: in a folder, or at the top.
  base: process.env.SITE_BASE ?? '/',
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      link('examples/README.md'),
      link('CONTRIBUTING.md'),
      { text: version, link: `/${others['CHANGELOG.md'].page}` },
    ],
    sidebar: sections.map(({ title, pages }) => ({
      text: title,
      collapsed: false,
      items: pages.map((page) => ({ text: titleOf(page), link: `/docs/${page}` })),
    })),
  },
  markdown: {
    // Text in angle brackets is what a reader puts in, never HTML or a component.
    html: false,
    config: (md) =>
      linkPages(
        md,
        sections.flatMap(({ pages }) => pages),
      ),
  },
};
