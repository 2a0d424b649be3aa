// JPEG bytes to labels with sharp and somebody else's runtime, as a good user writes it: the decoder shrinks while it decodes, and
// the next batch is decoded while one runs. The geometry is that of Slim's vgg preprocessing (smaller side 256, the middle 224
// pixels), sharp's interpolation is not: the pixels differ a little.
import sharp from 'sharp';

const side = 224;
const smallerSide = 256;
const margin = (smallerSide - side) / 2;
const means = [123.68, 116.779, 103.939];
const maxBatch = 32;
const decodesAtOnce = 4;

/** Pixels of one picture less the means, in planes, into `out` at `offset`. */
async function decode(jpeg, out, offset) {
  const data = await sharp(jpeg)
    .resize(smallerSide, smallerSide, { fit: 'cover' })
    .extract({ left: margin, top: margin, width: side, height: side })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer();
  const plane = side * side;
  for (let c = 0; c < 3; c++)
    for (let p = 0, at = offset + c * plane; p < plane; p++) out[at + p] = data[3 * p + c] - means[c];
}

/** Pictures of a batch, a few at the same time. */
async function decodeBatch(jpegs) {
  const width = side * side * 3;
  const input = new Float32Array(jpegs.length * width);
  let next = 0;
  const work = async () => {
    while (next < jpegs.length) {
      const i = next++;
      await decode(jpegs[i], input, i * width);
    }
  };
  await Promise.all(Array.from({ length: decodesAtOnce }, work));
  return input;
}

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

/** @param run computes the logits of a batch of pixels in NCHW */
export function sharpPipeline(run) {
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
  };
}
