/** Floating-point numbers of 8 and 16 bits, which travel as bit patterns: to numbers, and back. */

/** Bits of a format besides its sign. */
interface FloatFormat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  /** False: the largest exponent has numbers too, and one pattern of each sign is NaN (the `fn` of float8_e4m3fn). */
  readonly infinities: boolean;
}

/** IEEE 754's binary16; bfloat16; the two of the OCP's 8-bit Floating Point Specification. */
const formats = {
  float16: { exponentBits: 5, mantissaBits: 10, infinities: true },
  bfloat16: { exponentBits: 8, mantissaBits: 7, infinities: true },
  float8_e5m2: { exponentBits: 5, mantissaBits: 2, infinities: true },
  float8_e4m3fn: { exponentBits: 4, mantissaBits: 3, infinities: false },
} as const satisfies Readonly<Record<string, FloatFormat>>;

export type NarrowFloat = keyof typeof formats;

/** True for the formats that travel as bit patterns. */
export function isNarrowFloat(dtype: string): dtype is NarrowFloat {
  return Object.hasOwn(formats, dtype);
}

const tables = new Map<NarrowFloat, Float32Array>();

/** The number that each bit pattern of a format stands for; all are exact in float32. */
export function valuesOfPatterns(dtype: NarrowFloat): Float32Array {
  const known = tables.get(dtype);
  if (known !== undefined) return known;
  const values = computedValues(formats[dtype]);
  tables.set(dtype, values);
  return values;
}

function computedValues({ exponentBits, mantissaBits, infinities }: FloatFormat): Float32Array {
  const bias = 2 ** (exponentBits - 1) - 1;
  const [exponents, mantissas] = [2 ** exponentBits, 2 ** mantissaBits];
  const values = new Float32Array(2 * exponents * mantissas);
  for (let pattern = 0; pattern < exponents * mantissas; pattern++) {
    const exponent = Math.floor(pattern / mantissas);
    const mantissa = pattern % mantissas;
    let value: number;
    if (infinities && exponent === exponents - 1) value = mantissa === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
    else if (!infinities && pattern === exponents * mantissas - 1) value = Number.NaN;
    else if (exponent === 0) value = mantissa * 2 ** (1 - bias - mantissaBits);
    else value = (1 + mantissa / mantissas) * 2 ** (exponent - bias);
    values[pattern] = value;
    values[exponents * mantissas + pattern] = -value;
  }
  return values;
}

/** Adding and taking it away rounds a smaller number to an integer, half to even. */
const rounding = 2 ** 52;

/** A function that gives the bit pattern of a 16-bit format that is nearest to a number, half to even; infinity above the range. */
export function nearestPattern(dtype: 'float16' | 'bfloat16'): (value: number) => number {
  const { exponentBits, mantissaBits } = formats[dtype];
  const bias = 2 ** (exponentBits - 1) - 1;
  // Powers are computed here, and not for each number: they take longer than all else.
  const mantissas = 2 ** mantissaBits;
  const sign = 2 ** exponentBits * mantissas;
  const infinity = sign - mantissas;
  const notANumber = infinity + mantissas / 2;
  const double = new Float64Array(1);
  const words = new Uint32Array(double.buffer);
  // Powers of two by the exponent of a double, from the smallest normal number of the format on.
  const scales = Float64Array.from({ length: 2 * bias + 1 }, (_, i) => 2 ** (mantissaBits - (i + 1 - bias)));
  return (value) => {
    double[0] = value;
    const high = words[1] as number;
    const signed = high >>> 31 === 0 ? 0 : sign;
    const exponent = ((high >>> 20) & 0x7ff) - 1023;
    const size = value < 0 ? -value : value;
    if (exponent > bias) return signed + (size >= 0 ? infinity : notANumber);
    const at = Math.max(exponent + bias - 1, 0);
    // A mantissa that rounds up to the next power of two carries into the exponent, as it should.
    return signed + at * mantissas + (size * (scales[at] as number) + rounding - rounding);
  };
}
