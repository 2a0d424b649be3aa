// What is asked of servers: the same pictures, or the same pixels, for all; as each of them wants to be asked.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bodies of a kind, as files: paths of JPEG files, or a file with `head` and the pixels of one image behind it. */
export function bodiesOf({ way, pictures, side }, pixels, head = Buffer.alloc(0)) {
  if (way === 'jpeg') return pictures;
  const file = join(mkdtempSync(join(tmpdir(), 'slimnet-load-')), 'body');
  const { buffer, byteOffset, byteLength } = pixels(1, side);
  writeFileSync(file, Buffer.concat([head, Buffer.from(buffer, byteOffset, byteLength)]));
  return [file];
}

/** How slimnet's server is asked: a JPEG file as the body of a classification, or one image as a binary tensor behind `head`. */
export function slimnetRequest({ network, way, side }) {
  const head = Buffer.from(
    JSON.stringify({
      inputs: [
        {
          ...{ name: 'images', datatype: 'FP32', shape: [1, side, side, 3] },
          parameters: { binary_data_size: 12 * side * side },
        },
      ],
      outputs: [{ name: 'predictions', parameters: { classification: 5 } }],
    }),
  );
  const asked =
    way === 'jpeg'
      ? { path: `/v1/models/${network}:classify`, headers: { 'Content-Type': 'image/jpeg' } }
      : {
          path: `/v2/models/${network}/infer`,
          headers: { 'Content-Type': 'application/octet-stream', 'Inference-Header-Content-Length': head.length },
        };
  return { head, asked };
}
