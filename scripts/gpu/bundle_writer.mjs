/**
 * Writes bundles: recorded computations that slimnet_replay runs without Node. docs/gpu.md has the format, native/tools/bundle reads it.
 */

/** @typedef {Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array} Values */
/**
 * Elements of a tensor: all of them, some that are repeated until it is full, or numbers of the generator
 * (scripts/golden/generator.mjs), which begin again after `again` elements: offset + scale (2 h(i, stream) - 1).
 * @typedef {Values | { readonly repeated: Values } | { readonly stream: number, readonly scale: number, readonly offset: number, readonly again?: number }} Data
 */
/** @typedef {{ readonly name: string, readonly type: string, readonly data: Data }} Tensor `type` as in plans, `float32[1,2]` */
/**
 * How far a result may be from what is expected: each element by relative (|e| + rms of all e) + absolute; the rms of the errors by a
 * share of that of the expected values, or of `floor` where that is larger; or sum, sum of absolute values, smallest, largest and
 * samples, relative to the range of the values.
 * @typedef {{ readonly relative: number, readonly absolute?: number } | { readonly rms: number, readonly floor: number } | { readonly statistics: number }} Measure
 */
/**
 * What must come out; `data` left out: what the reference backend computes.
 * @typedef {{ readonly name: string, readonly type: string, readonly data?: Data, readonly measure: Measure }} Expectation
 */
/**
 * @typedef {object} Run
 * @property {readonly Tensor[]} feeds
 * @property {readonly Expectation[]} [outputs]
 * @property {readonly Expectation[]} [variables] after the run
 * @property {string} [fails] part of the message with which it must fail
 */
/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} plan
 * @property {readonly Tensor[]} [variables]
 * @property {readonly Run[]} runs one after the other, on the same variables
 * @property {boolean} [slowOnReference] the reference backend is left out
 * @property {Readonly<Record<string, string>>} [differs] backends whose results are others, and why
 */

/** @param {number} value */
function numberText(value) {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

/**
 * As plans quote: `"`, `\` and control characters are escaped.
 * @param {string} text
 */
function quote(text) {
  const escaped = text
    .replace(/["\\]/g, '\\$&')
    .replace(/[\u0000-\u001f\u007f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${escaped}"`;
}

/** @param {Extract<Data, { readonly stream: number }>} data */
function drawn({ stream, scale, offset, again }) {
  const period = again === undefined ? '' : ` again ${again}`;
  return `drawn ${stream} ${numberText(scale)} ${numberText(offset)}${period}`;
}

/** @param {Measure} measure */
function measureText(measure) {
  if ('statistics' in measure) return `statistics ${numberText(measure.statistics)}`;
  if ('rms' in measure) return `rms ${numberText(measure.rms)} ${numberText(measure.floor)}`;
  return `close ${numberText(measure.relative)} ${numberText(measure.absolute ?? 0)}`;
}

/** @param {Values} values */
const bytesOf = (values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Puts lines and bytes one behind the other. */
class Text {
  /** @type {Buffer[]} */
  #parts = [];

  /** @param {string} text */
  line(text) {
    this.#parts.push(Buffer.from(`${text}\n`));
  }

  /**
   * A line that says how many bytes follow, and the bytes.
   * @param {string} text
   * @param {Buffer} bytes
   */
  bytes(text, bytes) {
    this.line(`${text} ${bytes.length}`);
    this.#parts.push(bytes, Buffer.from('\n'));
  }

  /**
   * @param {string} text
   * @param {Data} data
   */
  data(text, data) {
    if (ArrayBuffer.isView(data)) this.bytes(`${text} values`, bytesOf(/** @type {Values} */ (data)));
    else if ('repeated' in data) this.bytes(`${text} repeated`, bytesOf(data.repeated));
    else this.line(`${text} ${drawn(data)}`);
  }

  /**
   * @param {string} keyword
   * @param {Tensor} tensor
   */
  tensor(keyword, { name, type, data }) {
    this.data(`${keyword} ${quote(name)} ${type}`, data);
  }

  /**
   * @param {string} keyword
   * @param {Expectation} expectation
   */
  expectation(keyword, { name, type, data, measure }) {
    const what = `${keyword} ${quote(name)} ${type} ${measureText(measure)}`;
    if (data === undefined) this.line(`${what} of_reference`);
    else this.data(what, data);
  }

  take() {
    return Buffer.concat(this.#parts.splice(0));
  }
}

export class BundleWriter {
  #crc32c;
  #text = new Text();
  /** @type {Set<string>} */
  #names = new Set();

  /** @param {(bytes: Uint8Array) => number} crc32c */
  constructor(crc32c) {
    this.#crc32c = crc32c;
    this.#text.line('slimnet.bundle 1');
  }

  get size() {
    return this.#names.size;
  }

  /** @param {Case} item */
  add({ name, plan, variables = [], runs, slowOnReference = false, differs = {} }) {
    if (this.#names.has(name)) throw new Error(`There are two cases of the name ${name}.`);
    this.#names.add(name);
    const body = new Text();
    body.bytes('plan', Buffer.from(plan));
    if (slowOnReference) body.line('slow_on_reference');
    for (const [backend, reason] of Object.entries(differs)) body.line(`differs ${quote(backend)} ${quote(reason)}`);
    for (const variable of variables) body.tensor('variable', variable);
    for (const { feeds, outputs = [], variables: after = [], fails } of runs) {
      body.line('run');
      for (const feed of feeds) body.tensor('feed', feed);
      if (fails !== undefined) body.line(`fails ${quote(fails)}`);
      for (const output of outputs) body.expectation('expect', output);
      for (const variable of after) body.expectation('expect_variable', variable);
    }
    const bytes = body.take();
    this.#text.bytes(`case ${quote(name)} ${this.#crc32c(bytes)}`, bytes);
  }

  /** The whole file. Nothing can be added afterwards. */
  end() {
    this.#text.line(`end ${this.#names.size}`);
    return this.#text.take();
  }
}
