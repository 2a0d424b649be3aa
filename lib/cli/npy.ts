/** Bytes before the values of a file: with this many there is room for any shape. */
export const npyHeadBytes = 128;

/** The head of a NumPy .npy file (format version 1.0) with a float32 array in C order. */
export function npyHead(shape: readonly number[]): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const head = Buffer.alloc(npyHeadBytes, ' ');
  head.write('\x93NUMPY\x01\x00', 0, 'latin1');
  head.writeUInt16LE(npyHeadBytes - 10, 8);
  head.write(text, 10, 'latin1');
  head.write('\n', npyHeadBytes - 1, 'latin1');
  return head;
}
