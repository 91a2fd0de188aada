import { z } from 'zod';

/** Where a value breaks its schema, and how. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * The first place where JSON breaks its schema; null: nowhere. zod itself collects all places, which fills the memory for
 * minutes if someone else wrote the JSON. Lists and mappings above a size are refused unread.
 */
export function firstIssue(
  schema: z.core.$ZodType,
  value: unknown,
  most: number,
  path: readonly PropertyKey[] = [],
): Issue | null {
  const at = (inner: z.core.$ZodType, item: unknown, key: PropertyKey) => firstIssue(inner, item, most, [...path, key]);
  if (schema instanceof z.ZodOptional)
    return value === undefined ? null : firstIssue(schema.unwrap(), value, most, path);
  if (schema instanceof z.ZodNullable) return value === null ? null : firstIssue(schema.unwrap(), value, most, path);
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    if (value.length > most)
      return { path, message: `a list of ${value.length} entries, but at most ${most} are read` };
    return firstOf(value.entries(), ([index, item]) => at(schema.element, item, index));
  }
  if (schema instanceof z.ZodRecord && isMapping(value)) {
    const entries = Object.entries(value);
    if (entries.length > most)
      return { path, message: `a mapping of ${entries.length} entries, but at most ${most} are read` };
    return firstOf(entries, ([key, item]) => at(schema.valueType, item, key));
  }
  if (schema instanceof z.ZodObject && isMapping(value)) {
    const { shape }: { shape: Readonly<Record<string, z.core.$ZodType>> } = schema;
    const found = firstOf(Object.entries(shape), ([key, inner]) =>
      at(inner, Object.hasOwn(value, key) ? value[key] : undefined, key),
    );
    if (found !== null) return found;
    const other = Object.keys(value).find((key) => !Object.hasOwn(shape, key));
    return other === undefined ? null : { path, message: `Unrecognized key: ${JSON.stringify(other)}` };
  }
  const [issue] = z.safeParse(schema, value).error?.issues ?? [];
  return issue === undefined ? null : { path: [...path, ...issue.path], message: issue.message };
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
