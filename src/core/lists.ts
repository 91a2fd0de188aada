/** Groups values by a key, in the order of their first occurrence (Map.groupBy needs Node 21). */
export function groupBy<K, V>(values: Iterable<V>, keyOf: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

/** Splits values into parts of at most `size`, in order. */
export function inParts<T>(things: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(things.length / size) }, (_, part) =>
    things.slice(part * size, (part + 1) * size),
  );
}

/** The items of a text with separators, trimmed, in order: by default, of a comma- or line-separated one. */
export function splitList(text: string | undefined, separator: string | RegExp = /[,\r\n]/): string[] {
  return (text ?? '').split(separator).flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
}

/** Whether two lists hold the same names in one order. */
export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => b[index] === name);
}

/** The elements of a list that another list does not have with the same values. */
export function without<T extends object>(list: readonly T[], others: readonly T[]): T[] {
  const textOf = (one: T): string => JSON.stringify(Object.entries(one).sort());
  const texts = new Set(others.map(textOf));
  return list.filter((one) => !texts.has(textOf(one)));
}
