import { Document, Scalar, visit } from 'yaml';
import type { Choice } from './choice.ts';
import type { ConflictsFile, LostRow, UnresolvedCell, UnresolvedMerge, UnresolvedRow } from './conflicts-file.ts';

/** Version of the file format; a change that older versions cannot read must increase it. */
const FILE_VERSION = '3';
/** Version 1 had fewer fields under `lost`; version 2 had no choices there, and no rows of tables without a key. */
export const READABLE_VERSIONS: readonly string[] = ['1', '2', FILE_VERSION];

const HEADER = `\
# Rows that two databases changed differently and that need your decision. After each \`choose:\`, write one of:
#   ours            the value of this database
#   theirs          the value of the peer
#   base            the value that both had before
#   delete          delete the row (for a row, not for a cell)
#   {value: "text"} a value of your own: {value: null} is NULL, {value: 0x00ff} bytes (for a cell)
# A choice for a row applies to all its cells; choose for the row or for each of its cells. Change nothing else.
# Then run \`dolt-federation resolve --file\` with the path of this file, and \`dolt-federation sync\` to publish it.
# To decide about a peer later, remove its entry under \`merges\`.
`;
const LOST_HEADER = `\
# \`lost\` lists rows that completed merges lack. \`head\` is a commit that has the row below. After \`choose:\`, write:
#   restore                   add the row again, under the key in \`sql\`; rows that depend on it follow
#   {restore-as: {id: "new"}} the same with values of your own
#   drop                      leave the merge unchanged
# or nothing, to decide later. \`sql\` shows what \`restore\` does; resolve does not run the text in this file.
# \`restore\` fails for a row without \`sql\`: no free value was found. Write \`restore-as\` or \`drop\`.
#   id-collision     another row has its key; it is not in the database
#   dependant        it depends on such a row (\`with\`) and was lost with it
#   duplicate        another row has its unique value; it is not in the database
#   unique-conflict  another row has its new unique value; it has its old one again
#   reference        it refers to the row that has the key now, perhaps instead of the lost row (\`with\`)
#   changed          both sides changed it, and it has the later value; the other one is below
#   renamed          it exists under two keys: one side changed it, the other side gave it a new key (\`other-key\`)
`;

/** The text of a conflicts file, a function of conflicts and choices. */
export function conflictsText({ branch, merges, lost }: ConflictsFile): string {
  const content = { branch, merges: merges.map(mergeNode), lost: lost.length === 0 ? undefined : lost.map(lostNode) };
  const document = new Document(content, { aliasDuplicateObjects: false });
  visit(document, { Scalar: (key, node) => setStyle(node, key === 'key') });
  const header = lost.length === 0 ? HEADER : `${HEADER}${LOST_HEADER}`;
  const text = document.toString({ lineWidth: 0, doubleQuotedAsJSON: true });
  // Only double-quoted texts contain such characters.
  return `${header}version: ${FILE_VERSION}\n${text.replace(HIDDEN, escapedCharacter)}`;
}

function mergeNode({ peer, ours, theirs, rows }: UnresolvedMerge) {
  return { peer, ours, theirs, rows: rows.map(rowNode) };
}

function rowNode({ table, key, otherKey, kind, deletedBy, choose, cells, rows }: UnresolvedRow) {
  const cellNodes = Object.entries(cells).map(([name, cell]) => [name, cellNode(kind, cell)] as const);
  return {
    table,
    key,
    'other-key': otherKey,
    kind,
    'deleted-by': deletedBy,
    choose: choiceNode(choose),
    cells: Object.fromEntries(cellNodes),
    rows: rows?.map(({ row, base, ours, theirs }) => ({ row, base, ours, theirs })),
  };
}

function cellNode(kind: UnresolvedRow['kind'], { base, ours, theirs, choose }: UnresolvedCell) {
  const isFree = choose !== null || choosesByCell(kind);
  return { base, ours, theirs, choose: isFree ? choiceNode(choose) : undefined };
}

/** Whether both sides have the row, so that each of its cells can be chosen. */
export function choosesByCell(kind: UnresolvedRow['kind']): boolean {
  return kind === 'changed' || kind === 'id-collision';
}

/** No choice is not a value, which is not `null`. */
function choiceNode(choice: Choice | null) {
  return choice ?? nothing();
}

function nothing(): Scalar {
  const scalar = new Scalar(null);
  scalar.source = '';
  return scalar;
}

function lostNode({ peer, kind, table, key, otherKey, with: root, columns, head, row, sql, choose }: LostRow) {
  const partner = root === undefined ? undefined : { table: root.table, key: root.key };
  const decision = choose === null || typeof choose === 'string' ? choose : { 'restore-as': choose.as };
  return {
    ...{ peer, kind, table, key, 'other-key': otherKey, with: partner, columns, head, row, sql },
    choose: decision ?? nothing(),
  };
}

/** Starts with a letter and contains no YAML syntax. */
const PLAIN = /^\p{L}[\p{L}\p{N}_./@+-]*(?: [\p{L}\p{N}_./@+-]+)*$/u;
/** Words that a YAML parser may read as something other than text. */
const RESERVED = /^(?:null|true|false|yes|no|on|off|y|n)$/i;
/** Characters that JSON does not escape and that a terminal or an editor may not show. */
const HIDDEN = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u2065\u3164\uffa0\ufff0-\uffff]/gu;

/**
 * Quotes ambiguous texts and escapes invisible characters. By default, yaml 2.9.1 writes both unchanged, because it can
 * read them back.
 */
function setStyle(node: Scalar, isKey: boolean): void {
  if (typeof node.value !== 'string') return;
  // Some letters have no shape.
  const isPlain = PLAIN.test(node.value) && !RESERVED.test(node.value) && node.value.search(HIDDEN) === -1;
  if (isPlain) node.type = 'PLAIN';
  else node.type = !isKey && isBlock(node.value) ? 'BLOCK_LITERAL' : 'QUOTE_DOUBLE';
}

/** Whether a text can be a block scalar: no leading or trailing blanks, which editors change. */
function isBlock(text: string): boolean {
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  if (lines.length < 2 || /^\s/.test(text) || lines.at(-1) === '') return false;
  return lines.every((line) => !/\s$/.test(line) && isVisible(line));
}

function isVisible(line: string): boolean {
  return line.search(HIDDEN) === -1 && JSON.stringify(line) === `"${line.replace(/["\\]/g, '\\$&')}"`;
}

function escapedCharacter(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
}
