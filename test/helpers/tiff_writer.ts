/** Writes TIFF files of any kind of sample. */

export interface TiffPicture {
  readonly width: number;
  readonly height: number;
  /** Values of a pixel; `values` has them one after the other, pixel by pixel. */
  readonly samples: number;
  readonly values: readonly number[] | Float32Array;
  readonly bits: number;
  /** 1 unsigned, 2 signed, 3 floating point, 6 complex (written as its real part alone). */
  readonly sampleFormat: number;
  readonly photometric: number;
  readonly bigEndian?: boolean;
  /** Plane after plane. */
  readonly planar?: boolean;
  /** All of them unless told. */
  readonly rowsPerStrip?: number;
  /** What samples beyond the colours are: 0 not said, 1 and 2 alpha. */
  readonly extraSamples?: number;
  readonly more?: readonly (readonly [tag: number, value: number])[];
}

/** Without compression. */
export function writeTiff(picture: TiffPicture): Buffer {
  const { width, height, samples, bits, sampleFormat, photometric, bigEndian = false, planar = false } = picture;
  const { rowsPerStrip = height } = picture;
  const planes = planar
    ? Array.from({ length: samples }, (_, s) => picture.values.filter((_, i) => i % samples === s))
    : [picture.values];
  const rowValues = planar ? width : width * samples;
  const strips = planes.flatMap((values) =>
    Array.from({ length: Math.ceil(height / rowsPerStrip) }, (_, strip) => {
      const from = strip * rowsPerStrip * rowValues;
      return packed(values.slice(from, from + rowsPerStrip * rowValues), rowValues, bits, sampleFormat, bigEndian);
    }),
  );
  const parts: Buffer[] = [];
  let end = 8;
  const put = (bytes: Buffer) => {
    const at = end;
    parts.push(bytes, Buffer.alloc(bytes.length % 2));
    end += bytes.length + (bytes.length % 2);
    return at;
  };
  const number = (value: number, bytes: number) => {
    const buffer = Buffer.alloc(bytes);
    if (bigEndian) buffer.writeUIntBE(value, 0, bytes);
    else buffer.writeUIntLE(value, 0, bytes);
    return buffer;
  };
  const offsets = strips.map(put);
  const entries: [tag: number, type: 3 | 4, values: readonly number[]][] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, new Array(samples).fill(bits)],
    [259, 3, [1]],
    [262, 3, [photometric]],
    [273, 4, offsets],
    [277, 3, [samples]],
    [278, 4, [rowsPerStrip]],
    [279, 4, strips.map(({ length }) => length)],
    [284, 3, [planar ? 2 : 1]],
    [339, 3, new Array(samples).fill(sampleFormat)],
  ];
  const colours = photometric === 2 || photometric === 8 ? 3 : photometric === 5 ? 4 : 1;
  if (samples > colours) entries.push([338, 3, new Array(samples - colours).fill(picture.extraSamples ?? 2)]);
  for (const [tag, value] of picture.more ?? []) entries.push([tag, 4, [value]]);
  const fields = entries
    .sort(([a], [b]) => a - b)
    .map(([tag, type, values]) => {
      const size = type === 3 ? 2 : 4;
      const bytes = Buffer.concat(values.map((value) => number(value, size)));
      const field = bytes.length <= 4 ? Buffer.concat([bytes, Buffer.alloc(4 - bytes.length)]) : number(put(bytes), 4);
      return Buffer.concat([number(tag, 2), number(type, 2), number(values.length, 4), field]);
    });
  const directory = put(Buffer.concat([number(fields.length, 2), ...fields, number(0, 4)]));
  const head = Buffer.concat([Buffer.from(bigEndian ? 'MM' : 'II', 'latin1'), number(42, 2), number(directory, 4)]);
  return Buffer.concat([head, ...parts]);
}

function packed(
  values: readonly number[] | Float32Array,
  rowValues: number,
  bits: number,
  sampleFormat: number,
  bigEndian: boolean,
): Buffer {
  if (bits % 8 !== 0) return inBits(values, rowValues, bits);
  if (sampleFormat === 3 && bits === 32 && !bigEndian) return Buffer.from(Float32Array.from(values).buffer);
  const bytes = bits / 8;
  const all = Buffer.alloc(values.length * bytes);
  for (const [i, value] of values.entries()) {
    const at = i * bytes;
    if (sampleFormat === 3 && bits === 32) all.writeFloatBE(value, at);
    else if (sampleFormat === 3 && bits === 64) all.writeDoubleBE(value, at);
    else if (bits <= 32) all.writeUIntBE(value < 0 ? value + 2 ** bits : Math.floor(value), at, bytes);
    else all.writeBigUInt64BE(BigInt.asUintN(64, BigInt(Math.floor(value))), at);
    if (!bigEndian) all.subarray(at, at + bytes).reverse();
  }
  return all;
}

/** Most significant bit first; rows begin at whole bytes. */
function inBits(all: readonly number[] | Float32Array, rowValues: number, bits: number): Buffer {
  const values = Array.from(all);
  const rows: Buffer[] = [];
  for (let start = 0; start < values.length; start += rowValues) {
    const text = values
      .slice(start, start + rowValues)
      .map((value) => value.toString(2).padStart(bits, '0'))
      .join('');
    rows.push(Buffer.from((text.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))));
  }
  return Buffer.concat(rows);
}
