import { type Document, isScalar, type Node, visit } from 'yaml';

/** More than any person writes. Resolving an alias walks the document, so their number is bounded. */
const MAX_ALIASES = 1000;
/** How often aliases may multiply what they stand for. */
const MAX_MULTIPLIED = 100;

export interface YamlFault {
  readonly message: string;
  readonly node: Node | null;
}

/**
 * Keys that stand twice in one mapping. The library can look for them itself, but compares every pair of keys:
 * minutes for one long mapping (yaml 2.9.1).
 */
export function duplicateKeys(document: Document, lineOf: (node: Node) => number | undefined): readonly YamlFault[] {
  const found: YamlFault[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Map<unknown, Node>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const first = seen.get(key.value);
        if (first === undefined) seen.set(key.value, key);
        else {
          const message = `the key "${key.value}" stands twice in one mapping, first at line ${lineOf(first)}`;
          found.push({ message, node: key });
        }
      }
    },
  });
  return found;
}

/** Aliases that stand for nothing, or that are too many or multiply too often to be expanded. */
export function aliasFaults(document: Document): readonly YamlFault[] {
  const found: YamlFault[] = [];
  const anchors = new Set<string>();
  let aliases = 0;
  let first: Node | null = null;
  visit(document, {
    Value(_, node) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
    },
    Alias(_, alias) {
      aliases += 1;
      first ??= alias;
      if (!anchors.has(alias.source))
        found.push({ message: `the alias "*${alias.source}" stands for nothing`, node: alias });
    },
  });
  if (aliases > MAX_ALIASES) return [{ message: `it holds more than ${MAX_ALIASES} aliases`, node: first }];
  if (found.length > 0 || !multiplies(document)) return found;
  return [{ message: 'its aliases multiply beyond measure', node: first }];
}

function multiplies(document: Document): boolean {
  try {
    document.toJS({ maxAliasCount: MAX_MULTIPLIED });
    return false;
  } catch (error) {
    if (error instanceof ReferenceError) return true;
    throw error;
  }
}
