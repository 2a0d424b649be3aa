/**
 * The numbers of which all fixtures are made: an integer hash that is exact in JavaScript, Python and C++, so that inputs need
 * not be stored beside results. generator.py draws the same.
 */

// Looked up once: under Jest each use of a global goes through a sandbox, which costs a microsecond.
const { imul } = Math;

/**
 * h(i, k) in [0, 1).
 * @param {number} i element
 * @param {number} k stream
 */
export function hash(i, k) {
  let s = (imul(i, 2654435761) + imul(k, 40503) + 12345) >>> 0;
  s = imul(s ^ (s >>> 16), 2246822519) >>> 0;
  return ((s ^ (s >>> 13)) >>> 0) / 2 ** 32;
}

/** @param {readonly number[]} dimensions */
const count = (dimensions) => dimensions.reduce((product, d) => product * d, 1);

/**
 * What the values of a model variable are spread around, and how far: follows from the last part of its name.
 * @param {string} name
 * @param {readonly number[]} shape
 * @returns {{ offset: number, scale: number }}
 */
export function variableSpread(name, shape) {
  const [offset, scale] = {
    weights: [0, Math.sqrt(6 / count(shape.slice(0, -1)))],
    gamma: [1, 0.2],
    moving_variance: [1, 0.5],
  }[name.slice(name.lastIndexOf('/') + 1)] ?? [0, 0.1];
  return { offset, scale };
}

/**
 * Values of a model variable.
 * @param {string} name
 * @param {readonly number[]} shape
 * @param {number} stream
 */
export function variableValues(name, shape, stream) {
  return drawVariable(name, shape, stream, new Float32Array(count(shape)));
}

/**
 * The same into an array of the variable's size, which is returned.
 * @param {string} name
 * @param {readonly number[]} shape
 * @param {number} stream
 * @param {Float32Array} data
 */
export function drawVariable(name, shape, stream, data) {
  const { offset, scale } = variableSpread(name, shape);
  for (let i = 0; i < data.length; i++) data[i] = offset + scale * (2 * hash(i, stream) - 1);
  return data;
}

/** The stream of the generator's images. */
export const imageStream = 1000;

/**
 * The generator's images: values between -1 and 1.
 * @param {readonly number[]} shape
 */
export function networkInput(shape) {
  const data = new Float32Array(count(shape));
  for (let i = 0; i < data.length; i++) data[i] = 2 * hash(i, imageStream) - 1;
  return data;
}

/**
 * The position of each variable in the order of all names (ASCII), which is the stream of its values.
 * @param {Iterable<string>} names
 * @returns {Map<string, number>}
 */
export function streams(names) {
  return new Map([...names].sort((a, b) => (a < b ? -1 : 1)).map((name, k) => [name, k]));
}
