import type { ColumnSource } from 'hyparquet-writer';
import { type Column, type Content, isFailure } from '../contents.js';
import { linesOf } from '../lines.js';
import type { Format } from './format.js';
import { jsonl } from './jsonl.js';

type SchemaElement = ConstructorParameters<typeof import('hyparquet-writer').ParquetWriter>[0]['schema'][number];

/** Values of a row group: it is in memory as a whole while it is written. */
const groupValues = 1 << 20;

/**
 * Apache Parquet: the columns of a table; lists are lists. A Parquet file ends with what says where all is, so it cannot grow by parts:
 * records are kept as JSON lines, and made into one when they are all there.
 */
export const parquet: Format = (content, failures) => ({
  ...jsonl(content, failures),
  ending: { convert: (from, to) => toParquet(content, from, to) },
});

async function toParquet(content: Content, from: string, to: string): Promise<void> {
  const { fileWriter, ParquetWriter } = await import('hyparquet-writer');
  const columns: readonly Column[] = [
    { name: 'file', type: 'STRING' },
    ...content.columns,
    { name: 'error', type: 'STRING' },
  ];
  const writer = new ParquetWriter({ writer: fileWriter(to), schema: schemaOf(columns), createdBy: 'slimnet' });
  const groupRows = Math.max(
    1,
    Math.floor(groupValues / (columns.some(({ type }) => type === 'FLOATS') ? content.width : 8)),
  );
  let data: unknown[][] = columns.map(() => []);
  const writeGroup = async () => {
    if (data[0]?.length === 0) return;
    const columnData = columns.map(({ name }, i) => ({ name, data: data[i] })) as ColumnSource[];
    await writer.write({ columnData, rowGroupSize: groupRows });
    data = columns.map(() => []);
  };
  for await (const { text } of linesOf(from)) {
    const record = JSON.parse(text) as { readonly file: string };
    const lines = isFailure(record)
      ? [[...content.columns.map(() => undefined), record.error.message]]
      : content.lines(record).map((values) => [...values, undefined]);
    for (const values of lines) for (const [i, value] of [record.file, ...values].entries()) data[i]?.push(value);
    if ((data[0] as unknown[]).length >= groupRows) await writeGroup();
  }
  await writeGroup();
  await writer.finish();
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [{ name: 'root', num_children: columns.length }, ...columns.flatMap(elementsOf)];
}

function elementsOf({ name, type }: Column): SchemaElement[] {
  const optional = { repetition_type: name === 'file' ? 'REQUIRED' : 'OPTIONAL' } as const;
  if (type === 'STRING') return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional }];
  if (type !== 'FLOATS') return [{ name, type, ...optional }];
  return [
    { name, converted_type: 'LIST', num_children: 1, ...optional },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
  ];
}
