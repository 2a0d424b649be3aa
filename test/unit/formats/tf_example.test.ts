import {
  encodeMessage,
  WireType,
  writeBytes,
  writeMessage,
  writeString,
} from '../../../lib/formats/protobuf_writer.js';
import { readExample } from '../../../lib/formats/tf_example.js';

const text = (bytes: unknown) => new TextDecoder().decode(bytes as Uint8Array);

/** An Example with a feature of each kind, numbers packed and not. */
function example(): Uint8Array {
  return encodeMessage((message) =>
    writeMessage(message, 1, (features) => {
      const entry = (name: string, kind: number, write: (list: Parameters<typeof writeBytes>[0]) => void) =>
        writeMessage(features, 1, (pair) => {
          writeString(pair, 1, name);
          writeMessage(pair, 2, (feature) => writeMessage(feature, kind, write));
        });
      entry('bytes', 1, (list) => {
        writeBytes(list, 1, Buffer.from('first'));
        writeBytes(list, 1, Buffer.from('second'));
      });
      entry('floats', 2, (list) =>
        writeMessage(list, 1, (packed) => {
          packed.float(0.5);
          packed.float(-2);
        }),
      );
      entry('single', 2, (list) => void list.tag(1, WireType.Bit32).float(1.5));
      entry('integers', 3, (list) => writeMessage(list, 1, (packed) => void packed.int64(-7).int64(3)));
      entry('alone', 3, (list) => void list.tag(1, WireType.Varint).int64(9));
      entry('unwanted', 3, (list) => void list.tag(1, WireType.Varint).int64(1));
    }),
  );
}

const wanted = new Set(['bytes', 'floats', 'single', 'integers', 'alone', 'missing']);

test('features of each kind are read, packed or not; others are passed over', () => {
  const features = readExample(example(), wanted);
  expect([...features.keys()]).toEqual(['bytes', 'floats', 'single', 'integers', 'alone']);
  expect(features.get('bytes')?.values.map(text)).toEqual(['first', 'second']);
  expect(['floats', 'single', 'integers', 'alone'].map((name) => features.get(name)?.values)).toEqual([
    [0.5, -2],
    [1.5],
    [-7, 3],
    [9],
  ]);
});

test('an empty message has no features', () => {
  expect(readExample(new Uint8Array(), wanted).size).toBe(0);
});

test('every cut and every changed byte is read as something or is an error, and none takes long', () => {
  const whole = example();
  let errors = 0;
  const attempt = (bytes: Uint8Array) => {
    try {
      readExample(bytes, wanted);
    } catch (error) {
      expect(error).toHaveProperty('message');
      errors++;
    }
  };
  for (let end = 0; end < whole.length; end++) attempt(whole.subarray(0, end));
  for (let at = 0; at < whole.length; at++) {
    for (const mask of [1, 0x80, 0xff]) {
      const changed = whole.slice();
      changed[at] = (changed[at] as number) ^ mask;
      attempt(changed);
    }
  }
  expect(errors).toBeGreaterThan(whole.length);
});
