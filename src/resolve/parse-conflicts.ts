import { closest } from 'fastest-levenshtein';
import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { Problems } from '../config/problems.ts';
import { parseYaml, type YamlText } from '../config/yaml/parse.ts';
import { Failure, type Location } from '../core/failure.ts';
import { parseChoice } from './choice.ts';
import {
  type ConflictsFile,
  LOST_KINDS,
  type LostRow,
  rowName,
  rowText,
  UNRESOLVED_KINDS,
  type UnresolvedCell,
  type UnresolvedMerge,
  type UnresolvedRow,
  type Values,
} from './conflicts-file.ts';
import { READABLE_VERSIONS } from './conflicts-text.ts';

const HASH = /^[0-9a-v]{32}$/;
/** What git and Dolt allow in no name of a branch, and an option. */
const NO_BRANCH = /^-|[\p{Cc}\s~^:?*[\\]|\.\.|@\{/u;
const OWN_BRANCH = /^(?:dolt-federation[-/]|inbox\/)/;
/** What YAML 1.2 allows in quotes and escaped only, beside line breaks and tabs. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu;
type Fields = ReadonlyMap<string, FileNode>;

/**
 * Reads a conflicts file.
 * @param file how messages name it
 * @throws Failure `conflicts-file-invalid`, with every problem as `problems` lists them, each with its place
 */
export function parseConflicts(text: string, file: string): ConflictsFile {
  refuseUnprintable(text, file);
  const yaml = readYaml(text, file);
  const problems = new Problems();
  const parsed = new Parser(new FileReader(yaml, problems)).file({ node: yaml.root, at: { file, line: 1, column: 1 } });
  problems.throwIfAny();
  if (parsed === undefined)
    throw new Failure('conflicts-file-invalid', 'it is no conflicts file', { location: { file } });
  return parsed;
}

function refuseUnprintable(text: string, file: string): void {
  for (const { 0: sign, index } of text.matchAll(UNPRINTABLE)) {
    if ('\t\n\r\u0085'.includes(sign)) continue;
    const lines = text.slice(0, index).split('\n');
    const location = { file, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
    const code = sign.charCodeAt(0).toString(16).padStart(4, '0');
    throw new Failure('conflicts-file-invalid', `it holds the character U+${code.toUpperCase()}, which YAML forbids`, {
      hint: `Remove it. In a value of your own write it in quotes: {value: "\\u${code}"}.`,
      location,
    });
  }
}

function readYaml(text: string, file: string): YamlText {
  try {
    return parseYaml(text, file);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    const problems = new Problems();
    for (const { message, location } of thrown.problems) {
      problems.add(new Failure('conflicts-file-invalid', message, { location: location ?? { file } }));
    }
    problems.throwIfAny();
    throw thrown;
  }
}

class Parser {
  readonly #reader: FileReader;

  constructor(reader: FileReader) {
    this.#reader = reader;
  }

  file(root: FileNode): ConflictsFile | undefined {
    const fields = this.#reader.fields(root, 'a conflicts file', ['version', 'branch', 'merges', 'lost']);
    if (fields === undefined) return undefined;
    const version = this.#text(fields, root, 'version');
    if (version !== undefined && !READABLE_VERSIONS.includes(version)) {
      this.#reader.refuse(
        `the version is ${version}, and only ${READABLE_VERSIONS.join(', ')} are known`,
        fields.get('version')?.at ?? root.at,
      );
    }
    const branch = this.#branch(fields, root);
    const merges = this.#list(fields, 'merges').flatMap((item) => this.#merge(item) ?? []);
    this.#once(merges.map(({ peer, at }) => ({ name: peer, text: `the peer ${peer}`, at: at ?? root.at })));
    const lost = this.#list(fields, 'lost').flatMap((item) => this.#lost(item) ?? []);
    return branch === undefined ? undefined : { branch, merges, lost };
  }

  /** Our branch moves to the merge, so it is none of those that runs or senders of deliveries keep for themselves. */
  #branch(fields: Fields, root: FileNode): string | undefined {
    const branch = this.#text(fields, root, 'branch');
    if (branch === undefined) return undefined;
    if (!OWN_BRANCH.test(branch) && !NO_BRANCH.test(branch)) return branch;
    const why = NO_BRANCH.test(branch) ? 'is no name of a branch' : 'is not for people';
    return this.#reader.refuse(`the branch ${JSON.stringify(branch)} ${why}`, fields.get('branch')?.at ?? root.at);
  }

  #merge(item: FileNode): UnresolvedMerge | undefined {
    const fields = this.#reader.fields(item, 'an entry of merges', ['peer', 'ours', 'theirs', 'rows']);
    if (fields === undefined) return undefined;
    const peer = this.#text(fields, item, 'peer');
    const ours = this.#hash(fields, item, 'ours');
    const theirs = this.#hash(fields, item, 'theirs');
    const rows = this.#list(fields, 'rows').flatMap((one) => this.#row(one) ?? []);
    this.#once(rows.map((row) => ({ name: rowName(row), text: rowText(row), at: row.at ?? item.at })));
    if (peer === undefined || ours === undefined || theirs === undefined) return undefined;
    return { peer, ours, theirs, rows, at: item.at };
  }

  #row(item: FileNode): UnresolvedRow | undefined {
    const known = ['table', 'key', 'other-key', 'kind', 'deleted-by', 'choose', 'cells'];
    const fields = this.#reader.fields(item, 'a row', known);
    if (fields === undefined) return undefined;
    const table = this.#text(fields, item, 'table');
    const key = this.#values(fields, item, 'key');
    const otherKey = fields.has('other-key') ? this.#values(fields, item, 'other-key') : undefined;
    const kind = this.#word(fields, item, { name: 'kind', words: UNRESOLVED_KINDS });
    const deletedBy = fields.has('deleted-by')
      ? this.#word(fields, item, { name: 'deleted-by', words: ['ours', 'theirs'] as const })
      : undefined;
    const choose = this.#choice(fields, 'the choice for the row');
    const cells = this.#cells(fields, item);
    if (table === undefined || key === undefined || kind === undefined || choose === undefined) return undefined;
    return {
      table,
      key,
      kind,
      ...(otherKey === undefined ? {} : { otherKey }),
      ...(deletedBy === undefined ? {} : { deletedBy }),
      cells,
      choose,
      at: item.at,
    };
  }

  #cells(fields: Fields, item: FileNode): Readonly<Record<string, UnresolvedCell>> {
    const named = this.#reader.fields(fields.get('cells') ?? { node: null, at: item.at }, 'the cells of a row') ?? [];
    const cells = [...named].flatMap(([name, field]) => {
      const cell = this.#cell(field, `the cell ${JSON.stringify(name)}`);
      return cell === undefined ? [] : [[name, cell] as const];
    });
    return Object.fromEntries(cells);
  }

  #cell(item: FileNode, what: string): UnresolvedCell | undefined {
    const fields = this.#reader.fields(item, what, ['base', 'ours', 'theirs', 'choose']);
    if (fields === undefined) return undefined;
    const versions = (['base', 'ours', 'theirs'] as const).flatMap((side) => {
      const field = fields.get(side);
      const value = field === undefined ? undefined : this.#reader.value(field, `${side} of ${what}`);
      return value === undefined ? [] : [[side, value] as const];
    });
    const choose = this.#choice(fields, `the choice for ${what}`);
    return choose === undefined ? undefined : { ...Object.fromEntries(versions), choose, at: item.at };
  }

  #lost(item: FileNode): LostRow | undefined {
    const known = ['peer', 'kind', 'table', 'key', 'other-key', 'with', 'head', 'row', 'sql'];
    const fields = this.#reader.fields(item, 'an entry of lost', known);
    if (fields === undefined) return undefined;
    const peer = this.#text(fields, item, 'peer');
    const kind = fields.has('kind')
      ? this.#word(fields, item, { name: 'kind', words: LOST_KINDS })
      : // The only kind that version 1 knew.
        'id-collision';
    const table = this.#text(fields, item, 'table');
    const key = fields.has('key') ? this.#values(fields, item, 'key') : undefined;
    const otherKey = fields.has('other-key') ? this.#values(fields, item, 'other-key') : undefined;
    const root = this.#root(fields.get('with'));
    const head = this.#hash(fields, item, 'head');
    const row = this.#values(fields, item, 'row');
    const sql = fields.has('sql') ? this.#text(fields, item, 'sql') : undefined;
    if (peer === undefined || kind === undefined || table === undefined) return undefined;
    if (head === undefined || row === undefined) return undefined;
    return {
      peer,
      kind,
      table,
      ...(key === undefined ? {} : { key }),
      ...(otherKey === undefined ? {} : { otherKey }),
      ...(root === undefined ? {} : { with: root }),
      head,
      row,
      ...(sql === undefined ? {} : { sql }),
    };
  }

  #root(item: FileNode | undefined): LostRow['with'] {
    const fields = item === undefined ? undefined : this.#reader.fields(item, 'with', ['table', 'key']);
    if (item === undefined || fields === undefined) return undefined;
    const table = this.#text(fields, item, 'table');
    const key = this.#values(fields, item, 'key');
    return table === undefined || key === undefined ? undefined : { table, key };
  }

  #choice(fields: Fields, what: string): UnresolvedRow['choose'] | undefined {
    const field = fields.get('choose');
    return field === undefined ? null : parseChoice(this.#reader, field, what);
  }

  #values(fields: Fields, item: FileNode, name: string): Values | undefined {
    const field = this.#field(fields, item, name);
    const named = field === undefined ? undefined : this.#reader.fields(field, name);
    if (named === undefined) return undefined;
    const read = [...named].map(([column, one]) => [column, this.#reader.value(one, `${column} of ${name}`)] as const);
    return Object.fromEntries(read.flatMap(([column, value]) => (value === undefined ? [] : [[column, value]])));
  }

  #word<const T extends string>(
    fields: Fields,
    item: FileNode,
    wanted: { readonly name: string; readonly words: readonly T[] },
  ): T | undefined {
    const text = this.#text(fields, item, wanted.name);
    if (text === undefined) return undefined;
    const found = wanted.words.find((word) => word === text);
    const at = fields.get(wanted.name)?.at ?? item.at;
    return found ?? this.#reader.refuse(`${wanted.name} is none of ${wanted.words.join(', ')}`, at);
  }

  #hash(fields: Fields, item: FileNode, name: string): string | undefined {
    const text = this.#text(fields, item, name);
    if (text === undefined || HASH.test(text)) return text;
    return this.#reader.refuse(`${name} is no commit`, fields.get(name)?.at ?? item.at);
  }

  #text(fields: Fields, item: FileNode, name: string): string | undefined {
    const field = this.#field(fields, item, name);
    return field === undefined ? undefined : this.#reader.text(field, name);
  }

  #field(fields: Fields, item: FileNode, name: string): FileNode | undefined {
    return fields.get(name) ?? this.#reader.refuse(`${name} is missing`, item.at);
  }

  #list(fields: Fields, name: string): FileNode[] {
    const field = fields.get(name);
    return field === undefined ? [] : this.#reader.items(field, name);
  }

  #once(named: readonly { readonly name: string; readonly text: string; readonly at: FileNode['at'] }[]): void {
    const seen = new Set<string>();
    for (const { name, text, at } of named) {
      if (seen.has(name)) this.#reader.refuse(`${text} stands twice in it`, at);
      seen.add(name);
    }
  }
}

/** A value of a conflicts file, and where it stands. */
export interface FileNode {
  readonly node: unknown;
  readonly at: Location;
}

const KNOWN_TAG = /^tag:yaml\.org,2002:(?:str|int|float|bool|null)$/;

/** Takes the YAML of a conflicts file apart; what does not fit becomes a problem with its place. */
export class FileReader {
  readonly #yaml: YamlText;
  readonly #problems: Problems;

  constructor(yaml: YamlText, problems: Problems) {
    this.#yaml = yaml;
    this.#problems = problems;
  }

  /** Notes what is wrong. */
  refuse(message: string, at: Location, hint?: string): undefined {
    this.#problems.add(new Failure('conflicts-file-invalid', message, { location: at, hint }));
    return undefined;
  }

  /**
   * The fields of a mapping by name.
   * @param known all names that there are; absent: any name may stand there
   */
  fields({ node, at }: FileNode, what: string, known?: readonly string[]): Map<string, FileNode> | undefined {
    if (!isMap(node)) return this.refuse(`${what} must be a mapping`, at);
    const fields = new Map<string, FileNode>();
    for (const [name, field] of this.#entries(node, what)) {
      // `1` and `"1"` are two keys of YAML and one name here.
      if (fields.has(name)) this.refuse(`${what} has ${JSON.stringify(name)} twice`, field.at);
      else if (known === undefined || known.includes(name)) fields.set(name, field);
      else this.refuse(`${what} has no ${JSON.stringify(name)}`, field.at, nearest(name, known));
    }
    return fields;
  }

  /** The items of a list; nothing after the key is an empty list. */
  items({ node, at }: FileNode, what: string): FileNode[] {
    if (isSeq(node)) return node.items.map((item) => this.#at(item, at));
    if (node === null || (isScalar(node) && node.value === null)) return [];
    this.refuse(`${what} must be a list`, at);
    return [];
  }

  /** A value as it is written: text, null for `null`, and numbers and the like by their letters. */
  value({ node, at }: FileNode, what: string): string | null | undefined {
    if (isScalar(node) && (node.tag === undefined || KNOWN_TAG.test(node.tag))) {
      if (typeof node.value === 'string') return node.value;
      if (node.value !== null) return node.source ?? String(node.value);
      if (node.source !== '') return null;
    }
    return this.refuse(`${what} must be a text, or null`, at, 'An empty text is "", and null is NULL.');
  }

  /** A value that is not NULL. */
  text(field: FileNode, what: string): string | undefined {
    const text = this.value(field, what);
    return text === null ? this.refuse(`${what} must be a text`, field.at) : text;
  }

  /** Whether nothing stands there. */
  isEmpty({ node }: FileNode): boolean {
    return node === null || (isScalar(node) && node.value === null && (node.source ?? '') === '');
  }

  #entries(map: YAMLMap, what: string): (readonly [string, FileNode])[] {
    return map.items.flatMap(({ key, value }) => {
      const at = this.#yaml.place(key);
      const isText = isScalar(key) && typeof key.value === 'string';
      // A column may be called `1` or `true`; `~` and complex keys name nothing.
      const name = isText ? key.value : isScalar(key) && key.value !== null ? key.source : undefined;
      if (typeof name === 'string') return [[name, this.#at(value, at)] as const];
      this.refuse(`${what} has a key that is not text`, at);
      return [];
    });
  }

  #at(node: unknown, fallback: Location): FileNode {
    const at = this.#yaml.place(node);
    return { node: node ?? null, at: at.line === undefined ? fallback : at };
  }
}

function nearest(name: string, known: readonly string[]): string {
  return `Did you mean \`${closest(name, known)}\`? There are ${known.join(', ')}.`;
}
