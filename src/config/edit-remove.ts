import { isMap, type Pair, type YAMLMap } from 'yaml';
import { findPair, flatPairs } from './edit-find.ts';
import { contentEnd, lineEnd, lineStart, startOf } from './edit-lines.ts';

/**
 * Every pair to take out so that a peer is gone, in all its spellings; with the last peer of a mapping, the mapping.
 */
export function pairsOfPeer(root: YAMLMap | null, name: string): readonly Pair[] {
  const federation = findPair(root, 'federation');
  const mappings = [findPair(root, 'federation.peers'), findPair(federation?.value, 'peers')];
  const nested = mappings.flatMap((peers) => {
    const pair = findPair(peers?.value, name);
    if (peers === undefined || pair === undefined) return [];
    return [isMap(peers.value) && peers.value.items.length === 1 ? peers : pair];
  });
  const flat = findPair(root, `federation.peers.${name}`);
  return [...nested, ...(flat === undefined ? [] : [flat]), ...flatPairs(root, `federation.peers.${name}.`)];
}

/** The text without the lines of these pairs; null where they do not have their lines to themselves. */
export function removeLines(text: string, pairs: readonly Pair[]): string | null {
  let result = text;
  for (const pair of pairs.toSorted((a, b) => startOf(b.key) - startOf(a.key))) {
    const start = lineStart(result, startOf(pair.key));
    const end = lineEnd(result, contentEnd(pair));
    const before = result.slice(start, startOf(pair.key));
    const after = result.slice(contentEnd(pair), end);
    if (before.trim() !== '' || !/^\s*(#|$)/.test(after)) return null;
    result = result.slice(0, start) + result.slice(end);
  }
  return result;
}
