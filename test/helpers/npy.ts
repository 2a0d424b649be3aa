/** A NumPy .npy file as its format description has it (version 1.0, float32 in C order). */
export function readNpy(bytes: Uint8Array): {
  readonly dtype: string;
  readonly shape: number[];
  readonly data: Float32Array;
} {
  const buffer = Buffer.from(bytes);
  if (buffer.toString('latin1', 0, 8) !== '\x93NUMPY\x01\x00') throw new Error('not a .npy file of version 1.0');
  const start = 10 + buffer.readUInt16LE(8);
  const header = buffer.toString('latin1', 10, start);
  const match = /^\{'descr': '([^']+)', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n$/.exec(header);
  if (match === null) throw new Error(`header ${header}`);
  const [, dtype, shape] = match as unknown as [string, string, string];
  return {
    dtype,
    shape: shape
      .split(',')
      .filter((d) => d.trim() !== '')
      .map(Number),
    data: new Float32Array(Uint8Array.from(buffer.subarray(start)).buffer),
  };
}
