import { CST, Document, Parser, visit } from 'yaml';

/*
 * Edits on the syntax tree of the library: every byte of the text is in one token, so text that is not edited is written back unchanged.
 * The Document API writes the whole text again and changes 20 of 24 habits of such files, among them aligned comments,
 * lists, braces and CRLF (yaml 2.9.1, docs/adr/0014).
 */

/** Keys from the top of a file down to a value. */
export type KeyPath = readonly string[];

/** A value to write. */
export type NewValue = string | number | boolean | readonly string[] | { readonly [key: string]: NewValue };

type Content = Readonly<Record<string, NewValue>>;
type Mapping = CST.BlockMap | CST.FlowCollection;
type Item = Mapping['items'][number];
type Source = CST.SourceToken;
type KeyedItem = Extract<CST.BlockMap['items'][number], { readonly sep: Source[] }>;

/** A key of a mapping and the tokens around it. */
export interface Entry {
  readonly item: Item;
  readonly mapping: Mapping;
  /** The entry that has the mapping as its value; null at the top level. */
  readonly parent: Entry | null;
  /** Number of steps of the path above this key. */
  readonly depth: number;
}

/** The tokens of a text. */
export class Tokens {
  readonly #tokens: readonly CST.Token[];
  readonly #document: CST.Document | undefined;
  readonly #lineBreak: string;

  /** @param text valid YAML whose last line has an end */
  constructor(text: string) {
    this.#tokens = [...new Parser().parse(text)];
    this.#document = this.#tokens.find((token) => token.type === 'document');
    this.#lineBreak = lineBreakOf(text);
  }

  toString(): string {
    return this.#tokens.map((token) => CST.stringify(token)).join('');
  }

  /** Every entry at a path; at the top level, a dotted key counts as a path. */
  entriesAt(path: KeyPath): readonly Entry[] {
    const root = this.#root;
    return root === null ? [] : entriesIn(root, null, { path, depth: 0 });
  }

  /** The entries of the top level whose dotted key is below a path. */
  flatEntriesBelow(path: KeyPath): readonly Entry[] {
    const root = this.#root;
    const prefix = `${path.join('.')}.`;
    const items = root?.items.filter((item) => keyOf(item)?.startsWith(prefix) === true) ?? [];
    return root === null ? [] : items.map((item) => ({ item, mapping: root, parent: null, depth: 0 }));
  }

  /** Replaces the value of an entry, and keeps the comment behind it. */
  replace({ item, mapping }: Entry, value: NewValue): void {
    const former = item.value;
    if (typeof value !== 'object' && (former?.type === 'alias' || CST.isScalar(former))) {
      const type = quotesOf(value, former.type);
      CST.setScalarValue(former, String(value), { afterKey: true, inFlow: isFlow(mapping), type });
      return;
    }
    if (former === undefined) endLine(item, mapping);
    const fresh = this.#newItem(mapping, { x: value });
    const [mark, trailing] = aroundValue(item);
    item.sep = [...mark, ...fresh.sep.slice(1)];
    if (fresh.value !== undefined) item.value = fresh.value;
    keepTrailing(item, trailing);
  }

  /** Adds an entry behind the last one of a mapping. */
  append(mapping: Mapping, content: Content): void {
    this.#insert(mapping, content, mapping.items.findLastIndex(isKeyed) + 1);
  }

  /** Adds an entry behind another one. */
  appendAfter({ item, mapping }: Entry, content: Content): void {
    this.#insert(mapping, content, positionOf(item, mapping) + 1);
  }

  /** Adds an entry to the end of the text, after an empty line. */
  appendToText(content: Content): string {
    const root = this.#root;
    if (root !== null && isFlow(root)) {
      this.append(root, content);
      return this.toString();
    }
    const lines = render(content, 0, this.#lineBreak);
    const document = this.#document;
    if (document === undefined) {
      const text = this.toString();
      return text.replace('\uFEFF', '').trim() === '' ? text + lines : text + this.#lineBreak + lines;
    }
    document.end = [...(document.end ?? []), token('newline', this.#lineBreak), token('comment', lines)];
    return this.toString();
  }

  /**
   * Removes an entry with its line, and the mapping around it if it would become empty, unless that is a section or has
   * comments.
   */
  remove(entry: Entry): void {
    const { item, mapping, parent } = entry;
    const isLast = mapping.items.filter(isKeyed).length === 1;
    if (isLast && parent !== null && parent.depth > 0 && !hasComments(parent.item, mapping)) this.remove(parent);
    else if (isFlow(mapping)) removeFromFlow(mapping, item);
    else this.#removeLines(mapping, item, parent?.item.sep ?? this.#document?.start ?? []);
  }

  get #root(): Mapping | null {
    return mappingOf(this.#document?.value);
  }

  #insert(mapping: Mapping, content: Content, index: number): void {
    const fresh = this.#newItem(mapping, content);
    if (isFlow(mapping)) {
      const isFirst = index === 0;
      const next = mapping.items[index];
      if (!isFirst) fresh.start = [token('comma', ','), token('space', ' ')];
      else if (next !== undefined && isKeyed(next)) next.start = [token('comma', ','), token('space', ' ')];
      const before = mapping.items[index - 1];
      // In `{ a: x }`, the blank before the brace stays there.
      if (before !== undefined) {
        keepTrailing(fresh, trailingOf(before.value));
        dropTrailing(before.value);
      }
    }
    mapping.items.splice(index, 0, fresh);
  }

  #newItem(mapping: Mapping, content: Content): KeyedItem {
    const text = isFlow(mapping) ? renderInFlow(content) : render(content, mapping.indent, this.#lineBreak);
    const [document] = [...new Parser().parse(text)];
    const root = document?.type === 'document' ? mappingOf(document.value) : null;
    const [item] = root?.items ?? [];
    if (document?.type !== 'document' || item?.sep === undefined) throw new Error('the library rendered no mapping');
    return { ...item, key: item.key ?? null, sep: item.sep, start: [...document.start, ...item.start] };
  }

  #removeLines(mapping: CST.BlockMap, item: Item, lead: Source[]): void {
    if (item.value === undefined) endLine(item, mapping);
    const index = positionOf(item, mapping);
    const before = mapping.items[index - 1];
    // The indentation of a key can be a token of what is before it.
    const place = item.start.length > 0 ? item.start : before === undefined ? lead : lastTokens(before);
    if (place?.at(-1)?.type === 'space') place.pop();
    const kept = [...item.start, ...tailOf(item.value)];
    mapping.items.splice(index, 1);
    const next = mapping.items[index];
    if (next !== undefined) next.start = [...kept, ...next.start];
    else if (kept.length > 0) mapping.items.push({ start: kept });
  }
}

function entriesIn(
  mapping: Mapping,
  parent: Entry | null,
  { path, depth }: { readonly path: KeyPath; readonly depth: number },
): readonly Entry[] {
  return mapping.items.flatMap((item) => {
    const key = keyOf(item);
    if (key === null) return [];
    const steps = parent === null ? key.split('.') : [key];
    if (steps.some((step, index) => step !== path[index])) return [];
    const entry: Entry = { item, mapping, parent, depth: depth + steps.length - 1 };
    const rest = path.slice(steps.length);
    if (rest.length === 0) return [entry];
    const inner = mappingOf(item.value);
    return inner === null ? [] : entriesIn(inner, entry, { path: rest, depth: entry.depth + 1 });
  });
}

/** The value of an entry as a mapping; null if it is none. */
export function mappingOf(value: CST.Token | undefined): Mapping | null {
  if (value?.type === 'block-map') return value;
  return value?.type === 'flow-collection' && value.start.type === 'flow-map-start' ? value : null;
}

/** Whether a key has no value. */
export function isEmpty({ item }: Entry): boolean {
  return item.value === undefined || (item.value.type === 'scalar' && /^(?:~|null|Null|NULL)$/.test(item.value.source));
}

function isFlow(mapping: Mapping): mapping is CST.FlowCollection {
  return mapping.type === 'flow-collection';
}

function isKeyed(item: Item): boolean {
  return item.sep !== undefined;
}

function keyOf(item: Item): string | null {
  return item.key === undefined || item.key === null ? null : (CST.resolveAsScalar(item.key)?.value ?? null);
}

/** Whether a mapping has comments beside its key, above its first key or within its braces. */
function hasComments({ sep = [] }: Item, mapping: Mapping): boolean {
  const starts = mapping.items.filter((item) => isKeyed(item) || isFlow(mapping)).flatMap(({ start }) => start);
  const end = isFlow(mapping) ? mapping.end : [];
  return [...sep, ...starts, ...end].some(({ type }) => type === 'comment');
}

function positionOf(item: Item, { items }: Mapping): number {
  const all: readonly Item[] = items;
  return all.indexOf(item);
}

function token(type: Source['type'], source: string): Source {
  return { type, offset: 0, indent: 0, source };
}

/** Moves what is behind the line of a key without a value to the next key. */
function endLine(item: Item, mapping: Mapping): void {
  if (isFlow(mapping)) return;
  const next = mapping.items[positionOf(item, mapping) + 1];
  const tokens = [...(item.sep ?? []), ...(next?.start ?? [])];
  const end = tokens.findIndex(({ type }) => type === 'newline') + 1;
  item.sep = tokens.slice(0, end);
  if (next !== undefined) next.start = tokens.slice(end);
  else if (end < tokens.length) mapping.items.push({ start: tokens.slice(end) });
}

/** The colon of a key, and the tokens behind its value. */
function aroundValue({ sep = [], value }: Item): readonly [mark: readonly Source[], trailing: readonly Source[]] {
  const mark = sep.slice(0, sep.findIndex(({ type }) => type === 'map-value-ind') + 1);
  return [mark, value === undefined ? sep.slice(mark.length) : trailingOf(value)];
}

/** The blanks, comments and line breaks behind a value; none behind a mapping or list of lines. */
function trailingOf(value: CST.Token | undefined): readonly Source[] {
  if (value?.type === 'flow-collection') return value.end.slice(1);
  return isInline(value) ? (value.end ?? []) : [];
}

function isInline(value: CST.Token | undefined): value is CST.FlowScalar {
  return value?.type === 'alias' || (CST.isScalar(value) && value.type !== 'block-scalar');
}

function keepTrailing(item: Item, trailing: readonly Source[]): void {
  const { value, sep } = item;
  if (trailing.length === 0) return;
  if (value?.type === 'flow-collection') value.end = [...value.end.slice(0, 1), ...trailing];
  else if (isInline(value)) value.end = [...trailing];
  else if (value?.type === 'block-map' && sep !== undefined) {
    const newline = sep.findIndex(({ type }) => type === 'newline');
    item.sep = [...sep.slice(0, newline), ...trailing, ...sep.slice(newline + 1)];
  }
}

function dropTrailing(value: CST.Token | undefined): void {
  if (value?.type === 'flow-collection') value.end = value.end.slice(0, 1);
  else if (isInline(value)) value.end = [];
}

type ScalarType = 'PLAIN' | 'QUOTE_SINGLE' | 'QUOTE_DOUBLE';

/** Text keeps its quotes, and gets some if it would be read as something else. */
function quotesOf(value: string | number | boolean, former: CST.Token['type']): ScalarType {
  if (typeof value !== 'string') return 'PLAIN';
  if (former === 'double-quoted-scalar') return 'QUOTE_DOUBLE';
  if (former === 'single-quoted-scalar') return 'QUOTE_SINGLE';
  return /^["']/.test(renderInFlow({ x: value }).slice('{x: '.length)) ? 'QUOTE_DOUBLE' : 'PLAIN';
}

function render(content: Content, indent: number, lineBreak: string): string {
  const document = new Document(content);
  visit(document, {
    Seq: (_, list) => {
      list.flow = true;
    },
  });
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return text.replace(/^(?=.)/gm, ' '.repeat(indent)).replaceAll('\n', lineBreak);
}

function renderInFlow(content: Content): string {
  const options = { lineWidth: 0, flowCollectionPadding: false, collectionStyle: 'flow' } as const;
  return new Document(content).toString(options).trimEnd();
}

function removeFromFlow(mapping: CST.FlowCollection, item: Item): void {
  const index = positionOf(item, mapping);
  mapping.items.splice(index, 1);
  const next = mapping.items[index];
  if (next === undefined) {
    const blanks = trailingOf(item.value).filter(({ type }) => type !== 'comment');
    if (index > 0 && blanks.length > 0) mapping.items.push({ start: blanks });
  } else if (index === 0) {
    const [comma, blank] = next.start;
    const skipped = comma?.type !== 'comma' ? 0 : blank?.type === 'space' ? 2 : 1;
    next.start = [...item.start, ...next.start.slice(skipped)];
  } else if (item.start.some(({ type }) => type === 'comment'))
    next.start = [...item.start.filter(({ type }) => type !== 'comma'), ...next.start];
}

/** The array with the last tokens of an item; undefined behind a block scalar. */
function lastTokens({ start, sep, value }: Item): Source[] | undefined {
  if (value === undefined) return sep ?? start;
  const inner = value.type === 'block-map' || value.type === 'block-seq' ? value.items.at(-1) : undefined;
  if (inner !== undefined) return lastTokens(inner);
  return value.type === 'flow-collection' || CST.isScalar(value) ? ('end' in value ? value.end : undefined) : undefined;
}

/** Comments and blank lines behind the last key of a value; they can belong to what follows. */
function tailOf(value: CST.Token | undefined): readonly Source[] {
  if (value?.type !== 'block-map' && value?.type !== 'block-seq') return [];
  const last = value.items.at(-1);
  if (last === undefined) return [];
  return last.value === undefined && last.sep === undefined ? last.start : tailOf(last.value);
}

/** The line break that a text uses; the first one decides. */
export function lineBreakOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}
