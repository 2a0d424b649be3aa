/** Version and limits of the plan format; docs/plan_format.md describes it, native/ir/parse.cc holds the same numbers. */
export const planVersion = 1;

/** A plan over one of these is refused on both sides. */
export const planLimits = {
  nodes: 1_000_000,
  inputsPerNode: 64,
  nameBytes: 4096,
  constantValues: 1_048_576,
  bytes: 256 * 2 ** 20,
} as const;
