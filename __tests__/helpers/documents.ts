import { compareBytes } from '../../src/core/text.ts';
import { fc } from './property.ts';

export type Json = null | boolean | number | string | Json[] | Document;
export type Document = { [key: string]: Json };

/** The form that a stored column has. */
export function stored(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(stored).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => compareBytes(a, b));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${stored(inner)}`).join(',')}}`;
}

const isObject = (value: Json | undefined): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Three values merged by the documented rule.
 * @param choose the value of a key that both sides changed; a side without the key has no value
 */
export function mergedByValues(
  versions: readonly [base: Json | undefined, ours: Json | undefined, theirs: Json | undefined],
  choose: (ours: Json | undefined, theirs: Json | undefined) => Json | undefined,
): Json | undefined {
  const [base, ours, theirs] = versions;
  const same = (a: Json | undefined, b: Json | undefined): boolean =>
    a === undefined || b === undefined ? a === b : stored(a) === stored(b);
  if (same(ours, base)) return theirs;
  if (same(theirs, base) || same(ours, theirs)) return ours;
  if (!isObject(ours) || !isObject(theirs) || (base !== undefined && !isObject(base))) return choose(ours, theirs);
  const keys = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  const at = (object: Document, key: string) => (Object.hasOwn(object, key) ? object[key] : undefined);
  const merged = keys.flatMap((key): [string, Json][] => {
    const value = mergedByValues([at(base ?? {}, key), at(ours, key), at(theirs, key)], choose);
    return value === undefined ? [] : [[key, value]];
  });
  return Object.fromEntries(merged);
}

/** Random documents with few keys. */
export function documentsOf(keys: readonly string[], values: readonly Json[]): fc.Arbitrary<Document> {
  return fc.letrec<{ value: Json; object: Document }>((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, fc.constantFrom<Json>(...values), tie('object')),
    object: fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 5 }),
  })).object;
}

// Some documents with a backslash in a key stop every merge of Dolt 2.3.0: `JSON cursor in unexpected state`.
const KEYS = ['', 'a', 'b', 'ab', 'a.b', 'é'];
const VALUES: readonly Json[] = [null, 0, 'x', [], ['x'], [1, 2, 3], [1, 2, 3, 4], [[], [1, 2]], [{ a: [] }], {}];

/** A document, and two versions of it with a few changes each. */
export const editedDocuments: fc.Arbitrary<{ base: Document; ours: Document; theirs: Document }> = fc
  .tuple(documentsOf(KEYS, VALUES), ...Array.from({ length: 2 }, () => edits()))
  .map(([base, ours, theirs]) => ({ base, ours: edited(base, ours ?? []), theirs: edited(base, theirs ?? []) }));

interface Edit {
  readonly path: readonly string[];
  /** Nothing: the key is removed. */
  readonly value: Json | undefined;
}

function edits(): fc.Arbitrary<readonly Edit[]> {
  const path = fc.array(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 2 });
  const value = fc.constantFrom<Json | undefined>(undefined, ...VALUES);
  return fc.array(fc.record({ path, value }), { minLength: 1, maxLength: 2 });
}

function edited(document: Document, changes: readonly Edit[]): Document {
  return changes.reduce((now, { path: [first = '', ...rest], value }) => {
    const inner = Object.hasOwn(now, first) ? now[first] : undefined;
    const next = rest.length > 0 && isObject(inner) ? edited(inner, [{ path: rest, value }]) : value;
    const others = Object.entries(now).filter(([key]) => key !== first);
    return Object.fromEntries(next === undefined ? others : [...others, [first, next]]);
  }, document);
}
