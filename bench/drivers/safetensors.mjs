import { readFileSync } from 'node:fs';

/** float32 tensors of a safetensors file: name -> `{ shape, data }`. */
export function readSafetensors(path) {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  const tensors = new Map();
  for (const [name, info] of Object.entries(header)) {
    if (name === '__metadata__' || info.dtype !== 'F32') continue;
    const [begin, end] = info.data_offsets.map((offset) => offset + 8 + length);
    // A copy: the file's offsets need not be multiples of four in memory.
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + begin, bytes.byteOffset + end));
    tensors.set(name, { shape: info.shape, data });
  }
  return tensors;
}
