import { isDeepStrictEqual } from 'node:util';
import { isMap, isNode, isPair, isScalar, isSeq, type Pair, stringify, visit, type YAMLMap } from 'yaml';
import { Failure } from '../../core/failure.ts';
import { readSections, SECTIONS } from '../known-keys.ts';
import { Problems } from '../problems.ts';
import { parseYaml, type YamlText } from './parse.ts';
import { asMapping, type ConfigValue, field, plain } from './tree.ts';

const MARK = '\uFEFF';

/**
 * Adds a peer to a configuration text and changes nothing else.
 * @throws Failure `config-syntax` if the text is not YAML; `config-invalid` if it cannot be edited safely
 */
export function withPeer(text: string, name: string, value: PeerValue): string {
  const [mark, body] = splitMark(text);
  const yaml = parseYaml(body, 'the configuration');
  const lines = addLines(body, yaml.root, [name, value]);
  const wanted = (peers: PeerTable) => peers.set(name, value);
  if (lines !== null && isEdited(yaml, lines, wanted)) return mark + lines;
  const rewritten = rewrite(body, ({ document }) => document.setIn(['federation', 'peers', name], value));
  return mark + requireEdited(yaml, rewritten, wanted);
}

/**
 * Removes a peer from a configuration text, in any spelling.
 * @throws Failure as `withPeer`
 */
export function withoutPeer(text: string, name: string): string {
  const [mark, body] = splitMark(text);
  const yaml = parseYaml(body, 'the configuration');
  const lines = removeLines(body, pairsOfPeer(yaml.root, name));
  const wanted = (peers: PeerTable) => peers.delete(name);
  if (lines !== null && isEdited(yaml, lines, wanted)) return mark + lines;
  const rewritten = rewrite(body, ({ document, root }) => {
    const pairs = pairsOfPeer(root, name);
    visit(document, { Pair: (_, pair) => (pairs.includes(pair) ? visit.REMOVE : undefined) });
  });
  return mark + requireEdited(yaml, rewritten, wanted);
}

type PeerTable = Map<string, unknown>;

/** For mappings in braces: the library rewrites the whole text and keeps comments and order, but not spacing. */
function rewrite(body: string, edit: (yaml: YamlText) => void): string {
  const yaml = parseYaml(body, 'the configuration');
  try {
    edit(yaml);
  } catch (thrown) {
    throw unsafe(thrown);
  }
  return yaml.document.toString({ lineWidth: 0 }).replaceAll('\n', lineBreakOf(body));
}

function requireEdited(before: YamlText, after: string, wanted: (peers: PeerTable) => unknown): string {
  if (isEdited(before, after, wanted)) return after;
  throw unsafe();
}

function unsafe(cause?: unknown): Failure {
  return new Failure('config-invalid', 'the format of the peers cannot be edited safely', {
    hint: 'Edit the file by hand, or format `federation.peers` as an indented mapping.',
    cause,
  });
}

/** Whether an edited text differs from the original only in the wanted peer. */
function isEdited(before: YamlText, after: string, wanted: (peers: PeerTable) => unknown): boolean {
  const problems = new Problems();
  const edited = problems.attempt(() => outline(parseYaml(after, 'the edited configuration'), problems));
  const expected = outline(before, problems);
  wanted(expected.peers);
  return edited !== undefined && isDeepStrictEqual(edited, expected);
}

/** The content of a text: the peers, the rest of our sections, and foreign keys. */
function outline(yaml: YamlText, problems: Problems) {
  const tree = readSections(yaml, problems);
  const federation = fieldsOf(field(tree, 'federation')?.value);
  const peers = fieldsOf(field(field(tree, 'federation')?.value, 'peers')?.value);
  federation.delete('peers');
  const all: unknown = yaml.document.toJS();
  const others = Object.entries(all ?? {}).filter(
    ([key]) => !SECTIONS.some((section) => section === key.split('.')[0]),
  );
  return {
    peers,
    federation,
    sync: fieldsOf(field(tree, 'sync')?.value),
    conflict: fieldsOf(field(tree, 'conflict')?.value),
    others,
  };
}

function fieldsOf(value: ConfigValue | undefined): Map<string, unknown> {
  const mapping = value === undefined ? null : asMapping(value);
  return new Map([...(mapping?.fields ?? [])].map(([key, one]) => [key, plain(one.value)]));
}

function splitMark(text: string): readonly [mark: string, body: string] {
  return text.startsWith(MARK) ? [MARK, text.slice(1)] : ['', text];
}

/** The value of a peer: its endpoint, or a mapping. */
export type PeerValue = string | Readonly<Record<string, string | boolean>>;

/**
 * Adds a peer as new lines and keeps every other byte: after the last peer, else in `federation`, else in the flat
 * spelling if the file uses it, else at the end. Null if it cannot be added as lines.
 */
function addLines(text: string, root: YAMLMap | null, peer: readonly [name: string, value: PeerValue]): string | null {
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

/** Adds lines at the end of the mapping of a key. */
function addUnder(text: string, pair: Pair, lines: string): string | null {
  const { key, value } = pair;
  if (!hasValue(value)) {
    return insertLines(text, lineEnd(text, contentEnd(key)), indent(lines, `${indentOf(text, startOf(key))}  `));
  }
  if (!isMap(value) || value.flow === true) return null;
  const last = value.items.at(-1);
  return last === undefined ? null : addBehind(text, last, lines);
}

/** Adds lines after a pair, with the indentation of its key. */
function addBehind(text: string, pair: Pair, lines: string): string {
  const offset = lineEnd(text, contentEnd(pair));
  return insertLines(text, offset, indent(lines, indentOf(text, startOf(pair.key))));
}

function indent(lines: string, by: string): string {
  return lines.replace(/^(?=.)/gm, by);
}

/** Every pair to remove for a peer, in all its spellings; including the mapping if it becomes empty. */
function pairsOfPeer(root: YAMLMap | null, name: string): readonly Pair[] {
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

/** The text without the lines of these pairs; null if they share lines with others. */
function removeLines(text: string, pairs: readonly Pair[]): string | null {
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

/** The pair of a mapping with this key. */
function findPair(node: unknown, key: string): Pair | undefined {
  return isMap(node) ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === key) : undefined;
}

/** The pairs of a mapping with this key prefix. */
function flatPairs(node: unknown, prefix: string): readonly Pair[] {
  const matches = (pair: Pair) => isScalar(pair.key) && String(pair.key.value).startsWith(prefix);
  return isMap(node) ? node.items.filter(matches) : [];
}

/** Offset of the start of a line. */
function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Offset of the end of a line, including its line break; an offset after a line break is such an end. */
function lineEnd(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end + 1;
}

/** Indentation of a key. */
function indentOf(text: string, offset: number): string {
  return ' '.repeat(offset - lineStart(text, offset));
}

/** Start of a node in the text. */
function startOf(node: unknown): number {
  return isNode(node) && node.range ? node.range[0] : 0;
}

/**
 * End of a node's content. The range of a block collection extends to the next key and would include comments that
 * belong there.
 */
function contentEnd(node: unknown): number {
  if (isPair(node)) return hasValue(node.value) ? contentEnd(node.value) : contentEnd(node.key);
  const isBlock = (isMap(node) || isSeq(node)) && node.flow !== true && node.items.length > 0;
  if (isBlock) return contentEnd(node.items.at(-1));
  return isNode(node) && node.range ? node.range[1] : 0;
}

/** Whether a key has a value. */
function hasValue(node: unknown): boolean {
  return node !== null && node !== undefined && !(isScalar(node) && node.source === '' && node.type === 'PLAIN');
}

/** Inserts whole lines at an offset, with the line breaks of the text. */
function insertLines(text: string, offset: number, lines: string): string {
  const lineBreak = lineBreakOf(text);
  const head = text.slice(0, offset);
  const joint = head === '' || head.endsWith('\n') ? '' : lineBreak;
  return `${head}${joint}${lines.replaceAll('\n', lineBreak)}${text.slice(offset)}`;
}

/** The line break that a text uses; the first one decides. */
function lineBreakOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}
