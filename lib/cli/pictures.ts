import { join } from 'node:path';
import { writeFileAtomically } from '../checkpoint/index.js';
import { loadSharp } from '../data/decoding.js';

/** A colour for each point; coordinates run from -1 to 1, y downwards. */
type Painter = (x: number, y: number) => readonly [number, number, number];

const sky = (y: number): readonly [number, number, number] => [110 + 40 * y, 160 + 30 * y, 225];

/** One line for each picture. */
const painters: Readonly<
  Record<
    string,
    {
      readonly width: number;
      readonly height: number;
      readonly format: 'jpeg' | 'png' | 'webp';
      readonly paint: Painter;
    }
  >
> = {
  sun: {
    width: 500,
    height: 375,
    format: 'jpeg',
    paint: (x, y) => (x * x * 1.7 + (y + 0.1) ** 2 < 0.2 ? [250, 210, 60] : sky(y)),
  },
  stripes: {
    width: 320,
    height: 480,
    format: 'png',
    paint: (x, y) => (Math.floor((x + 0.4 * y) * 9) % 2 === 0 ? [235, 235, 230] : [30, 30, 40]),
  },
  hills: {
    width: 640,
    height: 360,
    format: 'webp',
    paint: (x, y) => (y > 0.25 * Math.sin(3 * x) + 0.2 ? [60, 130 - 60 * y, 50] : sky(y)),
  },
  board: {
    width: 400,
    height: 400,
    format: 'jpeg',
    paint: (x, y) => ((Math.floor(x * 4) + Math.floor(y * 4)) % 2 === 0 ? [200, 170, 120] : [95, 60, 35]),
  },
};

/** Draws a few pictures into a folder. @returns their paths */
export async function drawPictures(folder: string): Promise<string[]> {
  return Promise.all(
    Object.entries(painters).map(async ([name, { width, height, format, paint }]) => {
      const pixels = new Uint8Array(width * height * 3);
      for (let i = 0; i < width * height; i++) {
        pixels.set(paint((2 * (i % width)) / width - 1, (2 * Math.floor(i / width)) / height - 1), 3 * i);
      }
      const path = join(folder, `${name}.${format === 'jpeg' ? 'jpg' : format}`);
      const bytes = await loadSharp()(pixels, { raw: { width, height, channels: 3 } })
        .toFormat(format)
        .toBuffer();
      await writeFileAtomically(path, bytes);
      return path;
    }),
  );
}
