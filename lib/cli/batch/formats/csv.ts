import { csvLine } from '../../table.js';
import { type Content, isFailure } from '../contents.js';
import { type Format, recordsOf } from './format.js';

/** The first line. */
export function csvHead(content: Content): string {
  return csvLine(['file', ...csvColumns(content), 'error']);
}

/** The lines of a record. */
export function csvLines(content: Content, record: { readonly file: string }): string {
  const { file } = record;
  if (isFailure(record)) return csvLine([file, ...csvColumns(content).map(() => ''), record.error.message]);
  return content
    .lines(record)
    .map((values) => csvLine([file, ...(values.flat() as (string | number)[]), '']))
    .join('');
}

/** Lists have a column for each value. */
function csvColumns({ columns, width }: Content): string[] {
  return columns.flatMap(({ name, type }) =>
    type === 'FLOATS' ? Array.from({ length: width }, (_, i) => `${name}_${i}`) : [name],
  );
}

/** RFC 4180, with a first line of names. */
export const csv: Format = (content, failures) => ({
  files: [{ suffix: '', head: Buffer.from(csvHead(content)) }],
  encode: (results) => [
    Buffer.from(
      recordsOf(content, failures, results)
        .map((record) => csvLines(content, record))
        .join(''),
    ),
  ],
  ending: {},
});
