import { defaultTokens, type Item, type ItemKind } from '../dolt/schema/create-table.ts';

/** The items of one table in the four commits of a merge; empty if the table does not exist. */
export interface TableVersions {
  readonly table: string;
  readonly base: readonly Item[];
  readonly ours: readonly Item[];
  readonly theirs: readonly Item[];
  readonly merged: readonly Item[];
}

/** An item of a merged table that is not the result of the two sides' changes. */
export interface SchemaFault {
  readonly table: string;
  readonly kind: ItemKind;
  readonly name: string;
  /** The item's text; null if that version lacks the item. */
  readonly ours: string | null;
  readonly theirs: string | null;
  readonly merged: string | null;
}

/**
 * The items of a merged table that differ from a three-way merge by name. The side that changed an item decides; if
 * both changed it to different texts, no result is right.
 */
export function schemaFaults({ table, base, ours, theirs, merged }: TableVersions): SchemaFault[] {
  const versions = [base, ours, theirs, merged].map(textsByName);
  const [before, here, there, now] = versions;
  const ids = new Set(versions.flatMap((texts) => [...texts.keys()]));
  const faults: SchemaFault[] = [];
  for (const id of ids) {
    const at = (texts: ReadonlyMap<string, string> | undefined): string | null => texts?.get(id) ?? null;
    const [old, our, their, result] = [at(before), at(here), at(there), at(now)];
    const isRight = our === their || their === old ? result === our : our === old && result === their;
    if (isRight) continue;
    const { kind, name } = itemOf(id);
    faults.push({ table, kind, name, ours: our, theirs: their, merged: result });
  }
  return faults;
}

/** Names of the indexes and checks that the base has and a side lacks, if the side still has the table. */
export function lostItems(base: readonly Item[], side: readonly Item[]): Item[] {
  if (side.length === 0) return [];
  const kept = textsByName(side);
  return base.filter((item) => (item.kind === 'index' || item.kind === 'check') && !kept.has(idOf(item)));
}

/** A column whose default a merge cannot give to rows of the side that lacks it. */
export interface ComputedColumn {
  readonly column: string;
  readonly text: string;
  /** The function that makes it nondeterministic; null: it is deterministic, and this Dolt misreads it. */
  readonly calls: string | null;
}

/**
 * The columns that only one side added and whose defaults have another value on every machine, or are bytes: of these, Dolt
 * 2.3.0 takes the text `0x6162` for the value, or fails if the column is too short for it (measured).
 */
export function computedColumns(
  base: readonly Item[],
  side: readonly Item[],
  other: readonly Item[],
): ComputedColumn[] {
  const [before, there] = [textsByName(base), textsByName(other)];
  return side.flatMap((item) => {
    if (item.kind !== 'column' || before.has(idOf(item)) || there.has(idOf(item))) return [];
    const calls = volatileCall(item);
    return calls === null && !isOfBytes(item) ? [] : [{ column: item.name, text: item.text, calls }];
  });
}

/** An expression is in brackets. */
function isOfBytes(column: Item): boolean {
  const [first] = defaultTokens(column);
  return first?.kind === 'word' && /^0x/i.test(first.text);
}

/** Functions that depend on more than their arguments: on the clock, chance, the session or the server. */
const VOLATILE = new Set(
  `NOW CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP SYSDATE CURDATE CURRENT_DATE CURTIME CURRENT_TIME UTC_DATE UTC_TIME
  UTC_TIMESTAMP UNIX_TIMESTAMP UUID UUID_SHORT RAND RANDOM_BYTES SLEEP CONNECTION_ID USER CURRENT_USER SESSION_USER
  SYSTEM_USER CURRENT_ROLE LAST_INSERT_ID ROW_COUNT FOUND_ROWS VERSION DATABASE SCHEMA GET_LOCK RELEASE_LOCK IS_FREE_LOCK
  IS_USED_LOCK RELEASE_ALL_LOCKS BENCHMARK LOAD_FILE ACTIVE_BRANCH HASHOF DOLT_VERSION DOLT_HASHOF DOLT_HASHOF_DB
  DOLT_HASHOF_TABLE DOLT_MERGE_BASE HAS_ANCESTOR`.split(/\s+/),
);

/** Those that may be called without brackets. */
const BARE = new Set(
  'CURRENT_TIMESTAMP CURRENT_DATE CURRENT_TIME CURRENT_USER LOCALTIME LOCALTIMESTAMP UTC_DATE UTC_TIME UTC_TIMESTAMP'.split(
    ' ',
  ),
);

function volatileCall(column: Item): string | null {
  const tokens = defaultTokens(column);
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind !== 'word') continue;
    const name = text.toUpperCase();
    const next = tokens[index + 1];
    const isCall = next?.kind === 'sign' && next.text === '(';
    if (name.startsWith('@@') || BARE.has(name) || (isCall && VOLATILE.has(name))) return name;
  }
  return null;
}

function textsByName(items: readonly Item[]): ReadonlyMap<string, string> {
  return new Map(items.map((item) => [idOf(item), item.text]));
}

function idOf({ kind, name }: Item): string {
  return `${kind}/${name}`;
}

function itemOf(id: string): { readonly kind: ItemKind; readonly name: string } {
  const at = id.indexOf('/');
  const kinds = ['column', 'primary key', 'index', 'check', 'foreign key', 'options'] as const;
  return { kind: kinds.find((kind) => kind === id.slice(0, at)) ?? 'options', name: id.slice(at + 1) };
}
