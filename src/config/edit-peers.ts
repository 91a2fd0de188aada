import { isDeepStrictEqual } from 'node:util';
import { visit } from 'yaml';
import { Failure } from '../core/failure.ts';
import { asMapping, type ConfigValue, field, plain } from './config-tree.ts';
import { addLines, type PeerValue } from './edit-add.ts';
import { lineBreakOf } from './edit-lines.ts';
import { pairsOfPeer, removeLines } from './edit-remove.ts';
import { Problems } from './problems.ts';
import { readSections, SECTIONS } from './sections.ts';
import { parseYaml, type YamlText } from './yaml-text.ts';

const MARK = '\uFEFF';

/**
 * A configuration text with one more peer, and nothing else changed.
 * @throws Failure `config-syntax` for a text that is no YAML; `config-invalid` where it cannot be edited safely
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

/** A configuration text without a peer, in whatever spelling it stood there. @throws Failure as `withPeer` */
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

/** The way for mappings in braces: the library writes the whole text anew, comments and order kept, spacing not. */
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
  return new Failure('config-invalid', 'the peers stand in a form that cannot be edited safely', {
    hint: 'Edit the file by hand, or write `federation.peers` as an indented mapping.',
    cause,
  });
}

/** Whether a text, read again, differs from what it was in the wanted peer and in nothing else. */
function isEdited(before: YamlText, after: string, wanted: (peers: PeerTable) => unknown): boolean {
  const problems = new Problems();
  const edited = problems.attempt(() => outline(parseYaml(after, 'the edited configuration'), problems));
  const expected = outline(before, problems);
  wanted(expected.peers);
  return edited !== undefined && isDeepStrictEqual(edited, expected);
}

/** Everything a text says: the peers, the rest of our sections, and the keys that are not ours. */
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
