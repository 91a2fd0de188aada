import { z } from 'zod';
import { valueIn, withoutValue, withValue } from './yaml/edit.ts';
import type { KeyPath, NewValue } from './yaml/tokens.ts';

/** The changes to the entry of a peer; paths are below its name. */
export interface PeerChanges {
  readonly set: readonly { readonly path: KeyPath; readonly value: NewValue }[];
  readonly unset: readonly KeyPath[];
}

const entries = z.record(z.string(), z.unknown());

/** The names of the peers in a configuration text, invalid ones included. */
export function writtenPeers(text: string): readonly string[] {
  return Object.keys(entries.safeParse(valueIn(text, ['federation', 'peers'])).data ?? {});
}

/** The names of all peers: of those in a configuration text, and of other ones. */
export function peerNames(text: string, others: readonly { readonly name: string }[]): readonly string[] {
  return [...new Set([...writtenPeers(text), ...others.map(({ name }) => name)])];
}

/** The entry of a new peer: only its endpoint, or a mapping. */
export function peerEntry(endpoint: string, set: PeerChanges['set']): NewValue {
  return set.length === 0 ? endpoint : nest([{ path: ['endpoint'], value: endpoint }, ...set]);
}

/**
 * Changes the entry of a present peer. An entry that is only an endpoint becomes a mapping if necessary.
 * @throws Failure as `withValue`
 */
export function withPeerChanges(text: string, name: string, { set, unset }: PeerChanges): string {
  const peer = ['federation', 'peers', name];
  const present = valueIn(text, peer);
  if (typeof present === 'string') {
    const endpoint = set.find(({ path }) => path.join('.') === 'endpoint')?.value ?? present;
    const others = set.filter(({ path }) => path.join('.') !== 'endpoint');
    return withValue(
      text,
      peer,
      others.length === 0 ? endpoint : nest([{ path: ['endpoint'], value: endpoint }, ...others]),
    );
  }
  const changed = set.reduce((now, { path, value }) => withValue(now, [...peer, ...path], value), text);
  return unset.reduce((now, path) => withoutValue(now, [...peer, ...path]), changed);
}

/** The values at their paths as one mapping. */
function nest(set: PeerChanges['set']): NewValue {
  const mapping: Record<string, NewValue> = {};
  for (const {
    path: [key = '', ...rest],
    value,
  } of set) {
    const inner = set
      .filter(({ path }) => path[0] === key)
      .map((one) => ({ path: one.path.slice(1), value: one.value }));
    mapping[key] = rest.length === 0 ? value : nest(inner);
  }
  return mapping;
}
