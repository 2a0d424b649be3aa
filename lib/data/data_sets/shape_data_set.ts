import { checkInteger, type Defaults, withDefaults } from '../../core/options.js';
import { shapeClasses, shapeImage } from '../shapes.js';
import { checkIndex, type DataSet } from './data_set.js';

/** Which images of P10. */
export interface ShapeDataSetOptions {
  /** Names a set of images: 0 to 2^64 - 1, a bigint where it does not fit into a number. */
  readonly seed: number | bigint;
  /** Images, 1 to 2^32 - 1. */
  readonly length: number;
  /** Number of the first image in the set; 0 unless told. */
  readonly first?: number;
}

const defaults = { seed: undefined, length: undefined, first: 0 } satisfies Defaults<ShapeDataSetOptions>;

/**
 * Images of P10, the procedural data set (docs/images.md), as a data set: 64 x 64 pixels, ten classes, nothing on disk.
 * @throws ArgumentError
 */
export function shapeDataSet(options: ShapeDataSetOptions): DataSet {
  const where = 'shapeDataSet';
  const { seed, length, first } = withDefaults(where, options, defaults);
  checkInteger(where, 'length', length, 1, 2 ** 32 - 1);
  checkInteger(where, 'first', first, 0, Number.MAX_SAFE_INTEGER - length);
  shapeImage({ seed, index: first });
  return {
    length,
    classes: shapeClasses,
    get(index) {
      checkIndex(index, length);
      const { label, ...image } = shapeImage({ seed, index: first + index });
      return { image, label, name: `P10 ${seed}/${first + index}` };
    },
    labels: () => Int32Array.from({ length }, (_, i) => (first + i) % shapeClasses.length),
  };
}
