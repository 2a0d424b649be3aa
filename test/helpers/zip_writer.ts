/** Zip archives of files that are stored as they are, by the format's description (APPNOTE.TXT of PKWARE). */
import { crc32 } from 'node:zlib';

function header(signature: number, name: Buffer, data: Buffer, more: readonly number[]): Buffer {
  const fields: (readonly [value: number, bytes: number])[] = [
    ...more.map((version) => [version, 2] as const),
    [20, 2],
    [0, 2],
    [0, 2],
    [0, 4],
    [crc32(data), 4],
    [data.length, 4],
    [data.length, 4],
    [name.length, 2],
    [0, 2],
  ];
  const bytes = Buffer.alloc(4 + fields.reduce((sum, [, size]) => sum + size, 0));
  bytes.writeUInt32LE(signature, 0);
  let at = 4;
  for (const [value, size] of fields) {
    bytes.writeUIntLE(value, at, size);
    at += size;
  }
  return bytes;
}

/** An archive of these files. */
export function archiveOf(files: Readonly<Record<string, Buffer>>): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [text, data] of Object.entries(files)) {
    const name = Buffer.from(text);
    const entry = Buffer.concat([header(0x04034b50, name, data, []), name, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([header(0x02014b50, name, data, [20]), rest, name]));
    local.push(entry);
    offset += entry.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, entries, end]);
}
