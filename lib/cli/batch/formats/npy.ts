import { npyHead, npyHeadBytes } from '../../npy.js';
import type { Format } from './format.js';

/** A NumPy array [images, width] of the images that did not fail, and their names beside it, one a line. */
export const npy: Format = ({ width }) => ({
  files: [
    { suffix: '', head: npyHead([0, width]) },
    { suffix: '.txt', head: new Uint8Array() },
  ],
  encode: (results) => {
    const rows = results.flatMap((result) => ('row' in result ? [result] : []));
    return [
      Buffer.concat(rows.map(({ row }) => Buffer.from(row.buffer, row.byteOffset, row.byteLength))),
      Buffer.from(rows.map(({ file }) => `${file.replaceAll(/[\r\n]/g, '\ufffd')}\n`).join('')),
    ];
  },
  ending: {
    heads: ([end = 0]) => [npyHead([(end - npyHeadBytes) / (4 * width), width])],
  },
});
