import { CheckpointError } from '../../../lib/errors.js';
import { crc32c, maskCrc } from '../../../lib/formats/crc32c.js';
import { readRecords, recordParts } from '../../../lib/formats/tf_record.js';
import { golden } from '../../helpers/golden.js';

const recorded = golden<{ readonly records: readonly string[]; readonly file: string }>('records.json');
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const records = recorded.records.map(bytesOf);
const file = bytesOf(recorded.file);
const damaged = (what: string, offset: number) => new CheckpointError(what, { path: 'events', offset });
const read = (bytes: Uint8Array): Uint8Array[] => [...readRecords(bytes, damaged)];

test('records are framed byte for byte as TensorFlow frames them', () => {
  expect(Buffer.concat(records.flatMap((record) => recordParts(record)))).toEqual(Buffer.from(file));
});

test('the records of a file that TensorFlow wrote are read, in order', () => {
  expect(read(file)).toEqual(records);
});

test('a file without records has none', () => {
  expect(read(new Uint8Array(0))).toEqual([]);
});

test('a record that is written is not copied', () => {
  const record = Uint8Array.of(1, 2, 3);
  expect(recordParts(record)[1]).toBe(record);
});

test('a file may begin anywhere in its buffer', () => {
  const shifted = new Uint8Array(file.length + 3);
  shifted.set(file, 3);
  expect(read(shifted.subarray(3))).toEqual(records);
});

test('wherever a file is cut off within a record, that is said, and where the record begins', () => {
  const one = Buffer.concat(recordParts(Uint8Array.of(1, 2, 3, 4, 5)));
  for (let length = 1; length < one.length; length++) {
    const cut = Buffer.concat([one, one.subarray(0, length)]);
    const found: Uint8Array[] = [];
    let error: unknown;
    try {
      for (const record of readRecords(cut, damaged)) found.push(record);
    } catch (thrown) {
      error = thrown;
    }
    expect(found).toHaveLength(1);
    expect(error).toMatchObject({ message: expect.stringMatching(/cut off/), offset: one.length });
  }
});

test('every changed byte is found', () => {
  const one = Buffer.concat(recordParts(Uint8Array.of(1, 2, 3, 4, 5)));
  for (let at = 0; at < one.length; at++) {
    const changed = Buffer.from(one);
    changed[at] = (changed[at] as number) ^ 0x10;
    expect(() => read(changed)).toThrow(/checksum/);
  }
});

test('a length that passes every file is refused, though its checksum is right', () => {
  const head = new Uint8Array(16).fill(0xff, 0, 8);
  new DataView(head.buffer).setUint32(8, maskCrc(crc32c(head.subarray(0, 8))), true);
  expect(() => read(head)).toThrow(/18446744073709551615 bytes is cut off/);
});

test('another implementation of the checksum is used where it is given', () => {
  const constant = () => 7;
  const framed = Buffer.concat(recordParts(Uint8Array.of(1), constant));
  expect([...readRecords(framed, damaged, constant)]).toEqual([Uint8Array.of(1)]);
  expect(() => read(framed)).toThrow(/checksum of a record's length/);
});
