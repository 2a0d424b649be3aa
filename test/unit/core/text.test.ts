import { parseJson } from '../../../lib/core/json.js';
import { decodeText, lines, type TextFailure } from '../../../lib/core/text.js';

const fail: TextFailure = (what, details) =>
  new Error(details?.hint === undefined ? what : `${what} (${details.hint})`);
const text = 'na\u00efve\n\u732b \u{1f408}\n';

test.each([
  ['UTF-8', Buffer.from(text)],
  ['UTF-8 with its mark', Buffer.from(`\ufeff${text}`)],
  ['UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['big-endian UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
])('%s is decoded', (_, bytes) => {
  expect(decodeText(bytes, fail)).toBe(text);
});

test.each<[string, Uint8Array, RegExp]>([
  ['Latin-1', Buffer.from('one\ntwo\ntr\xe8s\n', 'latin1'), /^line 3 is not UTF-8/],
  ['a character that is cut off', Buffer.from('one\n\u732b').subarray(0, 6), /^line 2 is not UTF-8/],
  ['half a pair of surrogates in UTF-8', Buffer.from([0x61, 0x0a, 0xed, 0xa0, 0x80]), /^line 2 is not UTF-8/],
  ['half a pair of surrogates in UTF-16', Buffer.from([0xff, 0xfe, 0x00, 0xd8]), /is no UTF-16/],
  ['an odd number of bytes in UTF-16', Buffer.from([0xfe, 0xff, 0x61]), /ends within a character/],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), /is UTF-32/],
  ['UTF-16 without its mark', Buffer.from('one\ntwo', 'utf16le'), /^line 1 has a character of value zero/],
  ['a zero', Buffer.from('one\n\0'), /^line 2 has a character of value zero/],
])('%s is an error, with the line', (_, bytes, message) => {
  expect(() => decodeText(bytes, fail)).toThrow(message);
});

test('the line ends of all systems end a line', () => {
  expect(lines('a\nb\r\nc\rd\n')).toEqual(['a', 'b', 'c', 'd', '']);
});

test('JSON in which a key occurs twice is an error', () => {
  expect(parseJson('{"a": [{"b": 1}, {"b": 2}]}', fail)).toEqual({ a: [{ b: 1 }, { b: 2 }] });
  expect(() => parseJson('{"a": {"b": 1, "b": 2}}', fail)).toThrow('the key "b" occurs twice');
  expect(() => parseJson('{"a": ', fail)).toThrow(/^not valid JSON: /);
});
