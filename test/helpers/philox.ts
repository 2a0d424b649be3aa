/**
 * Philox4x32-10 as native/base/random.h describes it, written for clarity with BigInt: tests compare what native code draws
 * with this.
 */

const mask = 0xffffffffn;

/** The four words of one block. */
export function philox4x32(counter: readonly bigint[], key: readonly bigint[]): number[] {
  let [c0, c1, c2, c3] = counter as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

/** The number in [0, 1) that belongs to (seed, run, index). */
export function philoxUniform(seed: number, run: number, index: number): number {
  const split = (n: number) => [BigInt(n) & mask, BigInt(n) >> 32n];
  const words = philox4x32([...split(Math.floor(index / 4)), ...split(run)], split(seed));
  return ((words[index % 4] as number) >>> 8) / 2 ** 24;
}
