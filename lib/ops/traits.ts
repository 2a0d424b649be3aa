/** What is true of an op that is nothing special. It says `dtypes` and `batchwise` itself, and in what it differs. */
export const ordinary = {
  elementwise: false,
  view: 'none',
  random: false,
  product: false,
  lowPrecision: 'none',
  float32: [],
} as const;

/** Where values enter a plan. */
export const sourceTraits = { ...ordinary, dtypes: 'any', batchwise: 'never' } as const;

/** Ops that change variables when the run ends. */
export const updateTraits = { ...ordinary, dtypes: 'number', batchwise: 'never' } as const;

/** Updates by a gradient. */
export const optimizerTraits = { ...updateTraits, dtypes: 'float' } as const;

/** The same bytes under another shape. */
export const aliasTraits = {
  ...ordinary,
  dtypes: 'any',
  batchwise: 'attrs',
  view: 'alias',
  lowPrecision: 'input_scale',
} as const;

/** The ends of a microbatch loop. */
export const movingViewTraits = { ...aliasTraits, batchwise: 'never', view: 'moving' } as const;
