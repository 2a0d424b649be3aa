/**
 * Sheets of letters out of typefaces: `@fontsource` packages from the npm registry, regular and bold, by exact versions (fonts.json). One row
 * a face, 26 capitals, each as large as its place; lib/cli/demo/letters.ts draws pictures from them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import sharp from 'sharp';
import { cellSide, letters } from '../../build/lib/cli/demo/letters.js';
import { SetupError, say } from '../lib/console.mjs';
import { cacheFolder } from '../lib/paths.mjs';

export const fonts = JSON.parse(readFileSync(join(import.meta.dirname, 'fonts.json'), 'utf8'));

/** Installs the typefaces, once. @returns the folder that has node_modules */
export function installFonts(folder = join(cacheFolder(), 'demo_fonts')) {
  const wanted = { 'opentype.js': fonts['opentype.js'] };
  for (const set of [fonts.training, fonts.heldOut])
    for (const [name, version] of Object.entries(set)) wanted[`@fontsource/${name}`] = version;
  const isThere = ([name, version]) => {
    const file = join(folder, 'node_modules', name, 'package.json');
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === version;
  };
  if (Object.entries(wanted).every(isThere)) return folder;
  say(`installing ${Object.keys(wanted).length - 1} typefaces`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: wanted }));
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new SetupError('npm could not install the typefaces.');
  return folder;
}

/** Room around a letter. */
const margin = 2;

/** Writes a sheet of some families. @returns the name of the face of each row */
export async function writeSheet(folder, families, path) {
  const opentype = createRequire(join(folder, 'package.json'))('opentype.js');
  const rows = [];
  const names = [];
  for (const family of families) {
    for (const [weight, suffix] of [
      [400, ''],
      [700, ' bold'],
    ]) {
      const file = join(folder, 'node_modules/@fontsource', family, 'files', `${family}-latin-${weight}-normal.woff`);
      if (!existsSync(file)) continue;
      const bytes = readFileSync(file);
      const font = opentype.parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      rows.push(await row(font));
      names.push(`${font.names.fontFamily.en}${suffix}`);
    }
  }
  await sharp(Buffer.concat(rows), {
    raw: { width: letters.length * cellSide, height: rows.length * cellSide, channels: 1 },
  })
    .png({ compressionLevel: 9, palette: true, colours: 16 })
    .toFile(path);
  return names;
}

/** 26 letters side by side, white on black. */
async function row(font) {
  const paths = letters.map((letter, i) => {
    const { x1, y1, x2, y2 } = font.getPath(letter, 0, 0, 100).getBoundingBox();
    const size = (100 * (cellSide - 2 * margin)) / Math.max(x2 - x1, y2 - y1);
    const x = (i + 0.5) * cellSide - ((x1 + x2) / 2 / 100) * size;
    const y = cellSide / 2 - ((y1 + y2) / 2 / 100) * size;
    return font.getPath(letter, x, y, size).toPathData(2);
  });
  const width = letters.length * cellSide;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${cellSide}"><rect width="100%" height="100%"/><path fill="#fff" d="${paths.join('')}"/></svg>`;
  return sharp(Buffer.from(svg)).greyscale().raw().toBuffer();
}
