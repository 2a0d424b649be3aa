// Drawn pictures: noise at all scales, as photographs have it, with sharp edges.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

/** Small deterministic random numbers. */
function random(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Noise with the same energy in every octave, in three channels, and a few discs with sharp edges, as JPEG of quality 90. */
export async function draw(width, height, seed) {
  const next = random(seed);
  let sum = null;
  // The finest octave stays empty: lenses and the interpolation of sensors blur it.
  const octaves = Math.ceil(Math.log2(width)) - 1;
  for (let octave = 1; octave <= octaves; octave++) {
    const [w, h] = [2 ** octave, Math.max(2, Math.round((2 ** octave * height) / width))];
    const noise = Uint8Array.from({ length: w * h * 3 }, () => 256 * next());
    const layer = await sharp(noise, { raw: { width: w, height: h, channels: 3 } })
      .resize(width, height, { fit: 'fill', kernel: 'cubic' })
      .raw()
      .toBuffer();
    const weight = 0.5 / Math.sqrt(octave);
    sum ??= new Float32Array(layer.length).fill(128);
    for (let i = 0; i < layer.length; i++) sum[i] += weight * (layer[i] - 128);
  }
  for (let disc = 0; disc < 12; disc++) {
    const [cx, cy, r] = [next() * width, next() * height, (0.02 + 0.13 * next()) * width];
    const colour = [next(), next(), next()].map((v) => 160 * (v - 0.5));
    for (let y = Math.max(0, Math.floor(cy - r)); y < Math.min(height, cy + r); y++) {
      const half = Math.sqrt(Math.max(0, r * r - (y - cy) ** 2));
      for (let x = Math.max(0, Math.floor(cx - half)); x < Math.min(width, cx + half); x++) {
        for (let c = 0; c < 3; c++) sum[(y * width + x) * 3 + c] += colour[c];
      }
    }
  }
  const pixels = Uint8ClampedArray.from(sum);
  return sharp(pixels, { raw: { width, height, channels: 3 } }).jpeg({ quality: 90 });
}

/** Paths of `count` JPEG files of 500 x 375 pixels; the same for everybody. What is missing is drawn. */
export async function picturePaths(folder, count) {
  mkdirSync(join(folder, 'pictures'), { recursive: true });
  const paths = Array.from({ length: count }, (_, i) => join(folder, 'pictures', `${i}.jpg`));
  for (const [i, path] of paths.entries()) {
    if (existsSync(path)) continue;
    await (await draw(500, 375, 500_000 + i)).toFile(`${path}.new`);
    renameSync(`${path}.new`, path);
  }
  return paths;
}
