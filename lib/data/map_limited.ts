import type { Semaphore } from './semaphore.js';

/**
 * Calls `map` for every item, each at one of the semaphore. After a failure no further item is begun.
 * @returns the results in the order of the items
 * @throws what the earliest failed item threw, once everything that was begun has ended
 */
export async function mapLimited<T, R>(
  items: readonly T[],
  semaphore: Semaphore,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failures: { index: number; error: unknown }[] = [];
  let next = 0;
  const work = async () => {
    // Asks for one slot at a time: others who use them have their turn between two items.
    while (next < items.length && failures.length === 0) {
      await semaphore.use(async () => {
        if (next >= items.length || failures.length > 0) return;
        const index = next++;
        try {
          results[index] = await map(items[index] as T);
        } catch (error) {
          failures.push({ index, error });
        }
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(semaphore.count, items.length) }, work));
  const [first] = failures.sort((a, b) => a.index - b.index);
  if (first !== undefined) throw first.error;
  return results;
}
