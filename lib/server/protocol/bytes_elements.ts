/** Byte strings as the binary extension has them: each behind its length, four bytes, little endian. */
import { RequestError } from './refusal.js';

/** The elements in some bytes, which they refer to. @throws RequestError when lengths and bytes do not add up */
export function splitElements(bytes: Uint8Array, count: number, name: string): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const left = bytes.byteLength - at;
    if (left < 4)
      throw new RequestError('bad_tensor', `${name}: element ${i} of ${count} has no length: ${left} bytes are left.`);
    const length = view.getUint32(at, true);
    if (length > left - 4)
      throw new RequestError(
        'bad_tensor',
        `${name}: element ${i} of ${count} claims ${length} bytes, ${left - 4} are left.`,
      );
    elements.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  if (at < bytes.byteLength)
    throw new RequestError(
      'bad_tensor',
      `${name}: ${bytes.byteLength - at} bytes are left behind its ${count} elements.`,
    );
  return elements;
}

/** The other way round. */
export function joinElements(elements: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(elements.reduce((sum, { byteLength }) => sum + 4 + byteLength, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const element of elements) {
    view.setUint32(at, element.byteLength, true);
    joined.set(element, at + 4);
    at += 4 + element.byteLength;
  }
  return joined;
}
