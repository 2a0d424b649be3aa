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
