import { isMap, type Pair, stringify, type YAMLMap } from 'yaml';
import { findPair, flatPairs } from './edit-find.ts';
import { contentEnd, hasValue, indentOf, insertLines, lineEnd, startOf } from './edit-lines.ts';

/** What stands behind a peer's name: its endpoint, or a mapping. */
export type PeerValue = string | Readonly<Record<string, string | boolean>>;

/**
 * The text with a peer added as new lines, every other byte as it was: behind the last peer, else in `federation`, else
 * in the flat spelling where that is the one in use, else at the end. Null where lines cannot simply be added.
 */
export function addLines(
  text: string,
  root: YAMLMap | null,
  peer: readonly [name: string, value: PeerValue],
): string | null {
  const federation = findPair(root, 'federation');
  const peers = findPair(root, 'federation.peers') ?? findPair(federation?.value, 'peers');
  if (peers !== undefined) return addUnder(text, peers, render([], peer));
  const flatPeer = flatPairs(root, 'federation.peers.').at(-1);
  if (flatPeer !== undefined) return addBehind(text, flatPeer, render('flat', peer));
  if (federation !== undefined) return addUnder(text, federation, render(['peers'], peer));
  const flat = flatPairs(root, 'federation.').at(-1);
  if (flat !== undefined) return addBehind(text, flat, render('flat', peer));
  const gap = text.trim() === '' ? '' : '\n';
  return insertLines(text, text.length, gap + render(['federation', 'peers'], peer));
}

function render(path: readonly string[] | 'flat', [name, value]: readonly [string, PeerValue]): string {
  if (path === 'flat') return stringify({ [`federation.peers.${name}`]: value }, { lineWidth: 0 });
  const nested = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), { [name]: value });
  return stringify(nested, { lineWidth: 0 });
}

/** Adds lines as the last ones of the mapping behind a key. */
function addUnder(text: string, pair: Pair, lines: string): string | null {
  const { key, value } = pair;
  if (!hasValue(value)) {
    return insertLines(text, lineEnd(text, contentEnd(key)), indent(lines, `${indentOf(text, startOf(key))}  `));
  }
  if (!isMap(value) || value.flow === true) return null;
  const last = value.items.at(-1);
  return last === undefined ? null : addBehind(text, last, lines);
}

/** Adds lines behind a pair, as far from the left edge as its key. */
function addBehind(text: string, pair: Pair, lines: string): string {
  const offset = lineEnd(text, contentEnd(pair));
  return insertLines(text, offset, indent(lines, indentOf(text, startOf(pair.key))));
}

function indent(lines: string, by: string): string {
  return lines.replace(/^(?=.)/gm, by);
}
