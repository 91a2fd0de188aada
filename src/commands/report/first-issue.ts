import { z } from 'zod';

/** The position and the reason of a value's first schema violation. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * The first place where JSON breaks its schema; null: nowhere. Lists and mappings above a size are refused unread.
 * zod itself collects all places: a file of 57 MiB with lists of 100,000 entries fills the memory of Node, which then
 * ends. `validate` of zod 4.6 stops at a wrong type, but not at other checks: 2.6 million negative counts take 17 s and
 * 2.6 GB.
 */
export function firstIssue(schema: z.core.$ZodType, value: unknown, most: number): Issue | null {
  if (schema instanceof z.ZodOptional) return value === undefined ? null : firstIssue(schema.unwrap(), value, most);
  if (schema instanceof z.ZodNullable) return value === null ? null : firstIssue(schema.unwrap(), value, most);
  // The path is built only where there is an issue: a file may have millions of values.
  const at = (key: PropertyKey, inner: z.core.$ZodType, item: unknown): Issue | null => {
    const found = firstIssue(inner, item, most);
    return found === null ? null : { ...found, path: [key, ...found.path] };
  };
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    if (value.length > most) return tooMany('list', value.length, most);
    return firstOf(value.entries(), ([index, item]) => at(index, schema.element, item));
  }
  if (schema instanceof z.ZodRecord && isMapping(value)) {
    const keys = Object.keys(value);
    if (keys.length > most) return tooMany('mapping', keys.length, most);
    return firstOf(keys, (key) => at(key, schema.valueType, value[key]));
  }
  if (schema instanceof z.ZodObject && isMapping(value)) {
    const { shape }: { shape: Readonly<Record<string, z.core.$ZodType>> } = schema;
    const found = firstOf(Object.entries(shape), ([key, inner]) =>
      at(key, inner, Object.hasOwn(value, key) ? value[key] : undefined),
    );
    if (found !== null) return found;
    const other = Object.keys(value).find((key) => !Object.hasOwn(shape, key));
    return other === undefined ? null : { path: [], message: `Unrecognized key: ${JSON.stringify(other)}` };
  }
  const [issue] = z.safeParse(schema, value).error?.issues ?? [];
  return issue === undefined ? null : { path: issue.path, message: issue.message };
}

function tooMany(what: 'list' | 'mapping', count: number, most: number): Issue {
  return { path: [], message: `a ${what} of ${count} entries, but at most ${most} are read` };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstOf<T>(items: Iterable<T>, check: (item: T) => Issue | null): Issue | null {
  for (const item of items) {
    const found = check(item);
    if (found !== null) return found;
  }
  return null;
}
