import { type CachedProgram, ProgramCache } from '../../../../lib/runtime/programs/program_cache.js';

class Entry implements CachedProgram {
  users = 0;
  disposed = 0;
  dispose(): void {
    this.disposed++;
  }
}

function filled(limit: number, keys: string): { cache: ProgramCache<Entry>; entries: Record<string, Entry> } {
  const cache = new ProgramCache<Entry>(limit);
  const entries: Record<string, Entry> = {};
  for (const key of keys) {
    const entry = new Entry();
    entries[key] = entry;
    cache.add(key, entry);
  }
  return { cache, entries };
}

describe('the program cache', () => {
  it('drops the least recently used entry and disposes it once', () => {
    const { cache, entries } = filled(2, 'ab');
    expect(cache.get('a')).toBe(entries.a);
    cache.add('c', new Entry());
    expect(cache.get('b')).toBeUndefined();
    expect(entries.b?.disposed).toBe(1);
    expect(cache.get('a')).toBe(entries.a);
    expect(cache.size).toBe(2);
  });

  it('keeps what is in use, even over its bound', () => {
    const { cache, entries } = filled(2, 'ab');
    for (const entry of Object.values(entries)) entry.users = 1;
    cache.add('c', new Entry());
    expect(cache.size).toBe(3);
    for (const entry of Object.values(entries)) entry.users = 0;
    cache.add('d', new Entry());
    expect([...'abcd'].filter((key) => cache.get(key) !== undefined)).toEqual(['c', 'd']);
  });

  it('never drops what was just added', () => {
    const { cache } = filled(1, 'a');
    const fresh = new Entry();
    cache.add('b', fresh);
    expect(cache.get('b')).toBe(fresh);
    expect(fresh.disposed).toBe(0);
  });

  it('forgets an entry only while it is the one under its key', () => {
    const { cache, entries } = filled(2, 'a');
    cache.remove('a', new Entry());
    expect(cache.get('a')).toBe(entries.a);
    cache.remove('a', entries.a as Entry);
    expect(cache.get('a')).toBeUndefined();
    expect(entries.a?.disposed).toBe(0);
  });

  it('disposes everything when cleared', () => {
    const { cache, entries } = filled(3, 'abc');
    cache.clear();
    expect(cache.size).toBe(0);
    expect(Object.values(entries).map((entry) => entry.disposed)).toEqual([1, 1, 1]);
  });
});
