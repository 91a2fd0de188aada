import { compareBytes } from '../core/text.ts';
import { type JsonText, parseDocument } from './json-text.ts';
import type { Side } from './merging.ts';

/** A key that both sides changed to different values. A side without the key has no value, which is not `null`. */
export interface PathClash {
  readonly path: readonly string[];
  readonly base: string | null;
  readonly ours: string | null;
  readonly theirs: string | null;
}

/** A JSON document that both sides changed, split by the keys of its objects. */
export interface DocumentMerge {
  readonly clashes: readonly PathClash[];
  /** The merged document as text, after each conflict was decided. */
  merged(winner: (clash: PathClash) => Side): string;
}

type Planned =
  | { readonly kind: 'value'; readonly value: JsonText | undefined }
  | { readonly kind: 'clash'; readonly clash: PathClash }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, planned: Planned])[] };

/**
 * Compares three versions of a JSON document key by key. A value is split if it is an object in all three, or in both
 * sides and the base lacks the key; everything else is one cell.
 * @returns null if the document as a whole is one cell
 */
export function planDocument(base: string | null, ours: string | null, theirs: string | null): DocumentMerge | null {
  const [b, o, t] = [base, ours, theirs].map((text) => (text === null ? null : parseDocument(text)));
  if (b == null || o == null || t == null) return null;
  const clashes: PathClash[] = [];
  const planned = plan({ base: b, ours: o, theirs: t }, [], clashes);
  return { clashes, merged: (winner) => textOf(planned, winner) ?? '{}' };
}

/** The value of a document, given as text, at a path; null if it has no such key, or cannot be split. */
export function textAtPath(document: string | null, path: readonly string[]): string | null {
  let found: JsonText | null | undefined = document === null ? null : parseDocument(document);
  for (const key of path) found = found?.entries?.get(key);
  return found?.text ?? null;
}

interface Versions {
  readonly base: JsonText | undefined;
  readonly ours: JsonText | undefined;
  readonly theirs: JsonText | undefined;
}

function plan({ base, ours, theirs }: Versions, path: readonly string[], clashes: PathClash[]): Planned {
  if (ours?.text === theirs?.text || theirs?.text === base?.text) return { kind: 'value', value: ours };
  if (ours?.text === base?.text) return { kind: 'value', value: theirs };
  const inBase = base === undefined ? new Map<string, JsonText>() : base.entries;
  const [inOurs, inTheirs] = [ours?.entries, theirs?.entries];
  if (inBase === null || inOurs == null || inTheirs == null) {
    const clash = { path, base: base?.text ?? null, ours: ours?.text ?? null, theirs: theirs?.text ?? null };
    clashes.push(clash);
    return { kind: 'clash', clash };
  }
  const keys = [...new Set([...inOurs.keys(), ...inTheirs.keys()])].sort(compareBytes);
  const entries = keys.map((key) => {
    const versions = { base: inBase.get(key), ours: inOurs.get(key), theirs: inTheirs.get(key) };
    return [key, plan(versions, [...path, key], clashes)] as const;
  });
  return { kind: 'object', entries };
}

function textOf(planned: Planned, winner: (clash: PathClash) => Side): string | null {
  switch (planned.kind) {
    case 'value':
      return planned.value?.text ?? null;
    case 'clash':
      return planned.clash[winner(planned.clash)];
    case 'object': {
      const entries = planned.entries.flatMap(([key, value]) => {
        const text = textOf(value, winner);
        return text === null ? [] : [`${JSON.stringify(key)}:${text}`];
      });
      return `{${entries.join(',')}}`;
    }
  }
}
