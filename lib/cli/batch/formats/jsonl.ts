import { type Format, recordsOf } from './format.js';

/** A record a line. */
export const jsonl: Format = (content, failures) => ({
  files: [{ suffix: '', head: new Uint8Array() }],
  encode: (results) => [
    Buffer.from(
      recordsOf(content, failures, results)
        .map((record) => `${JSON.stringify(record)}\n`)
        .join(''),
    ),
  ],
  ending: {},
});
