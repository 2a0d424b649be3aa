// JPEG bytes to labels with sharp and somebody else's runtime, as a good user writes it: the decoder shrinks while it decodes, and
// the next batch is decoded while one runs. The geometry is that of the network's preprocessing, sharp's interpolation is not: the
// pixels differ a little.
import sharp from 'sharp';
import { Unavailable } from './common.mjs';

const maxBatch = 32;
const decodesAtOnce = 4;

/** By the network's preprocessing: what sharp does for `side` pixels, and what becomes of a channel's value. */
const preprocessings = {
  vgg: {
    pixels: (jpeg, side) => {
      const smallerSide = Math.round((side * 256) / 224);
      const margin = (smallerSide - side) >> 1;
      return sharp(jpeg)
        .resize(smallerSide, smallerSide, { fit: 'cover' })
        .extract({ left: margin, top: margin, width: side, height: side });
    },
    value: (value, channel) => value - [123.68, 116.779, 103.939][channel],
  },
  inception: {
    pixels: async (jpeg, side) => {
      const image = sharp(jpeg);
      const { width, height } = await image.metadata();
      const [w, h] = [width, height].map((size) => Math.round(size * 0.875));
      const middle = { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h };
      return image.extract(middle).resize(side, side, { fit: 'fill' });
    },
    value: (value) => value / 127.5 - 1,
  },
};

/** The five most probable classes of a row of logits, `{ index, probability }`. */
export function topFive(logits) {
  const most = Math.max(...logits);
  const weights = Array.from(logits, (v) => Math.exp(v - most));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights
    .map((weight, index) => ({ index, probability: weight / sum }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 5);
}

/**
 * @param task names the preprocessing and the side of the network's images
 * @param run computes the logits of a batch of pixels in NCHW
 * @throws Unavailable for a preprocessing that is not written here
 */
export function sharpPipeline({ preprocessing, side }, run) {
  const known = preprocessings[preprocessing];
  if (known === undefined) throw new Unavailable(`no ${preprocessing} preprocessing is written with sharp`);
  const plane = side * side;

  /** Pixels of one picture in planes, into `out` at `offset`. */
  const decode = async (jpeg, out, offset) => {
    const image = await known.pixels(jpeg, side);
    const data = await image.removeAlpha().toColourspace('srgb').raw().toBuffer();
    for (let c = 0; c < 3; c++)
      for (let p = 0, at = offset + c * plane; p < plane; p++) out[at + p] = known.value(data[3 * p + c], c);
  };
  /** Pictures of a batch, a few at the same time. */
  const decodeBatch = async (jpegs) => {
    const input = new Float32Array(jpegs.length * 3 * plane);
    let next = 0;
    const work = async () => {
      while (next < jpegs.length) {
        const i = next++;
        await decode(jpegs[i], input, i * 3 * plane);
      }
    };
    await Promise.all(Array.from({ length: decodesAtOnce }, work));
    return input;
  };
  const batch = async (input, size) => {
    const logits = await run(input, size);
    const classes = logits.length / size;
    return Array.from({ length: size }, (_, i) => topFive(logits.subarray(i * classes, (i + 1) * classes)));
  };
  return {
    async together(jpegs) {
      const results = [];
      const parts = [];
      for (let i = 0; i < jpegs.length; i += maxBatch) parts.push(jpegs.slice(i, i + maxBatch));
      let upcoming = decodeBatch(parts[0]);
      for (const [i, part] of parts.entries()) {
        const input = await upcoming;
        if (i + 1 < parts.length) upcoming = decodeBatch(parts[i + 1]);
        results.push(...(await batch(input, part.length)));
      }
      return results;
    },
    async single(jpeg) {
      return (await batch(await decodeBatch([jpeg]), 1))[0];
    },
    input: (jpeg) => decodeBatch([jpeg]),
  };
}
