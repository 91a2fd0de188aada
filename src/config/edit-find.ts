import { isMap, isScalar, type Pair } from 'yaml';

/** The pair of a mapping with this key. */
export function findPair(node: unknown, key: string): Pair | undefined {
  return isMap(node) ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === key) : undefined;
}

/** The pairs of a mapping whose keys begin so. */
export function flatPairs(node: unknown, prefix: string): readonly Pair[] {
  const matches = (pair: Pair) => isScalar(pair.key) && String(pair.key.value).startsWith(prefix);
  return isMap(node) ? node.items.filter(matches) : [];
}
