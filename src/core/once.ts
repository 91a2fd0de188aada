/** Reads the value of each key once, also for several that ask at the same time. */
export function once<K, T>(read: (key: K) => Promise<T>): (key: K) => Promise<T> {
  const reads = new Map<K, Promise<T>>();
  return (key) => {
    const found = reads.get(key) ?? read(key);
    reads.set(key, found);
    return found;
  };
}
