import type { Choice } from './choice.ts';
import type {
  ConflictsFile,
  LostRow,
  UnresolvedCell,
  UnresolvedMerge,
  UnresolvedRow,
  Values,
} from './conflicts-file.ts';

/** Names the form of the file: a change that older versions cannot read must change it. */
const FILE_VERSION = '2';
/** Version 1 had fewer fields under `lost`. */
export const READABLE_VERSIONS: readonly string[] = ['1', FILE_VERSION];

const HEADER = `\
# Rows that two towns changed differently and that were left for you. To settle them, write after each \`choose:\`
#   ours            what this town has
#   theirs          what the peer has
#   base            what both had before
#   delete          the row goes (for a row, not for a cell)
#   {value: "text"} a value of your own: {value: null} is NULL, {value: 0x00ff} bytes (for a cell)
# A choice for a row counts for all its cells; choose for the row or for each of its cells. Change nothing else.
# Then run \`dolt-federation resolve --file\` with the path of this file, and \`dolt-federation sync\` to publish it.
# To leave a peer for later, remove its entry under \`merges\`.
`;
const LOST_HEADER = `\
# Under \`lost\` are rows of merges that were made. \`head\` is a commit that has the row as it is below, \`sql\` a statement
# that brings it back; change the new key in it if you want another one, and run the statements from top to bottom.
#   id-collision     another row has its key; it is not in the database
#   dependant        it belongs to such a row (\`with\`) and was removed with it
#   duplicate        another row has its unique value; it is not in the database
#   unique-conflict  another row has its new unique value; it is there with its former one
#   reference        it refers to the row that has the key now; it may have been meant for the lost row (\`with\`)
#   renamed          it is there under two keys: one side changed it, the other side gave it a new key (\`other-key\`)
# Commit, remove the entries that are done from this file, and run \`dolt-federation sync\`.
`;

/** The text of a conflicts file: the same conflicts and choices give the same text. */
export function conflictsText({ branch, merges, lost }: ConflictsFile): string {
  const head: YamlMapping['fields'] = [
    ['branch', value(branch)],
    ['merges', { kind: 'list', items: merges.map(mergeNode) }],
  ];
  const header = lost.length === 0 ? HEADER : `${HEADER}${LOST_HEADER}`;
  const rest: YamlMapping['fields'] = lost.length === 0 ? [] : [['lost', { kind: 'list', items: lost.map(lostNode) }]];
  return `${header}version: ${FILE_VERSION}\n${yamlText(mapping([...head, ...rest]))}`;
}

function mergeNode({ peer, ours, theirs, rows }: UnresolvedMerge): YamlMapping {
  return mapping([
    ['peer', value(peer)],
    ['ours', value(ours)],
    ['theirs', value(theirs)],
    ['rows', { kind: 'list', items: rows.map(rowNode) }],
  ]);
}

function rowNode(row: UnresolvedRow): YamlMapping {
  return mapping([
    ['table', value(row.table)],
    ['key', values(row.key)],
    ...optional('other-key', row.otherKey === undefined ? undefined : values(row.otherKey)),
    ['kind', value(row.kind)],
    ...optional('deleted-by', row.deletedBy === undefined ? undefined : value(row.deletedBy)),
    ['choose', choiceNode(row.choose)],
    ['cells', mapping(Object.entries(row.cells).map(([name, cell]) => [name, cellNode(row, cell)] as const))],
  ]);
}

function cellNode({ kind }: UnresolvedRow, cell: UnresolvedCell): YamlMapping {
  const versions = (['base', 'ours', 'theirs'] as const).flatMap((side) => {
    const version = cell[side];
    return version === undefined ? [] : [[side, value(version)] as const];
  });
  const isFree = cell.choose !== null || choosesByCell(kind);
  return mapping([...versions, ...optional('choose', isFree ? choiceNode(cell.choose) : undefined)]);
}

/** Whether both sides have the row, so that each of its cells can be chosen. */
export function choosesByCell(kind: UnresolvedRow['kind']): boolean {
  return kind === 'changed' || kind === 'id-collision';
}

function choiceNode(choice: Choice | null): YamlNode {
  if (choice === null) return { kind: 'empty' };
  return typeof choice === 'string' ? value(choice) : mapping([['value', value(choice.value)]]);
}

function lostNode({ peer, kind, table, key, otherKey, with: root, head, row, sql }: LostRow): YamlMapping {
  return mapping([
    ['peer', value(peer)],
    ['kind', value(kind)],
    ['table', value(table)],
    ...optional('key', key === undefined ? undefined : values(key)),
    ...optional('other-key', otherKey === undefined ? undefined : values(otherKey)),
    ...optional('with', root === undefined ? undefined : rootNode(root)),
    ['head', value(head)],
    ['row', values(row)],
    ...optional('sql', sql === undefined ? undefined : value(sql)),
  ]);
}

function rootNode({ table, key }: NonNullable<LostRow['with']>): YamlMapping {
  return mapping([
    ['table', value(table)],
    ['key', values(key)],
  ]);
}

function mapping(fields: YamlMapping['fields']): YamlMapping {
  return { kind: 'mapping', fields };
}

function value(text: string | null): YamlNode {
  return { kind: 'value', value: text };
}

function values(cells: Values): YamlNode {
  return mapping(Object.entries(cells).map(([name, text]) => [name, value(text)] as const));
}

function optional(name: string, node: YamlNode | undefined): readonly (readonly [string, YamlNode])[] {
  return node === undefined ? [] : [[name, node]];
}

/** A piece of YAML to write: a value (null is `null`), nothing at all, a mapping in its order, or a list of mappings. */
type YamlNode =
  | { readonly kind: 'value'; readonly value: string | null }
  | { readonly kind: 'empty' }
  | YamlMapping
  | { readonly kind: 'list'; readonly items: readonly YamlMapping[] };

interface YamlMapping {
  readonly kind: 'mapping';
  readonly fields: readonly (readonly [name: string, node: YamlNode])[];
}

const INDENT = '  ';
/** Begins with a letter and holds nothing that means anything in YAML. */
const PLAIN = /^\p{L}[\p{L}\p{N}_./@+-]*(?: [\p{L}\p{N}_./@+-]+)*$/u;
/** Words that some reader or other of YAML takes for something else than text. */
const RESERVED = /^(?:null|true|false|yes|no|on|off|y|n)$/i;
/** What JSON leaves as it is, and what a terminal or an editor might not show as it is. */
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/g;

/**
 * Writes YAML 1.2 that says the same however it is read: everything that could be taken for something else is in
 * quotes, and what cannot be seen is escaped. Texts of several lines stay readable where nothing can be lost by it.
 * Written by hand because an editor shall show hostile values as they are, which no option of `yaml` sees to.
 */
function yamlText(mapping: YamlMapping): string {
  return `${mappingLines(mapping).join('\n')}\n`;
}

function mappingLines({ fields }: YamlMapping): string[] {
  return fields.flatMap(([name, node]) => fieldLines(oneLine(name), node));
}

function fieldLines(name: string, node: YamlNode): string[] {
  switch (node.kind) {
    case 'empty':
      return [`${name}:`];
    case 'value':
      return valueLines(name, node.value);
    case 'mapping':
      return node.fields.length === 0 ? [`${name}: {}`] : [`${name}:`, ...mappingLines(node).map(indented)];
    case 'list':
      return node.items.length === 0 ? [`${name}: []`] : [`${name}:`, ...node.items.flatMap(itemLines)];
  }
}

function itemLines(item: YamlMapping): string[] {
  return mappingLines(item).map((line, index) => `${INDENT}${index === 0 ? '- ' : line === '' ? '' : INDENT}${line}`);
}

function valueLines(name: string, value: string | null): string[] {
  if (value === null) return [`${name}: null`];
  if (!isBlock(value)) return [`${name}: ${oneLine(value)}`];
  const ends = value.endsWith('\n');
  const lines = (ends ? value.slice(0, -1) : value).split('\n');
  return [`${name}: ${ends ? '|' : '|-'}`, ...lines.map(indented)];
}

/** Whether a text can stand as it is, line by line: no indentation or blank at an end, which editors change. */
function isBlock(text: string): boolean {
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  if (lines.length < 2 || /^\s/.test(text) || lines.at(-1) === '') return false;
  return lines.every(
    (line) => !/\s$/.test(line) && escaped(line) === line.replaceAll('\\', '\\\\').replaceAll('"', '\\"'),
  );
}

/** A text on one line: as it is where it can be taken for nothing else, otherwise in double quotes. */
function oneLine(text: string): string {
  return PLAIN.test(text) && !RESERVED.test(text) ? text : `"${escaped(text)}"`;
}

function escaped(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(HIDDEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function indented(line: string): string {
  return line === '' ? '' : `${INDENT}${line}`;
}
