import { groupBy, inParts } from '../../core/lists.ts';
import { keyText } from '../../dolt/rows/row-key.ts';
import { rowsByKey, rowsByKeyText } from '../../dolt/rows/stored-rows.ts';
import { hasTriggers, ordinaryColumns } from '../../dolt/schema/table-shape.ts';
import { columnsBehind } from '../../dolt/schema/unique-index.ts';
import type { Cells } from '../../dolt/sql/cell.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { baseRows, keysByBase } from '../corrections/row-bases.ts';
import type { Merging } from '../merging.ts';
import { otherSide, type Side, type SideRows } from '../merging.ts';
import type { ResolvedRow } from '../resolved-row.ts';
import {
  type Candidate,
  compareKeys,
  type Family,
  findFamily,
  KEYS_PER_STATEMENT,
  lostVersions,
  parentsFirst,
  type Reference,
} from './find-dependants.ts';
import { firesTriggers } from './restore.ts';

/**
 * Removes from an open merge what one side added together with a row that lost its key: every row that refers to it
 * through declared foreign keys, so that no such row belongs to the winner. If the other side also has a row under the
 * key of a removed row, that row takes it. Rows of the merge base, and rows that both sides added equally, stay.
 * @param losers rows that lost their key, with the side that added them
 * @returns the removed rows after those that they belong to, and the rows that stay and now refer to the winner
 * @throws Failure `constraint-violation` if removing a row would fire a trigger
 */
export async function loseDependants(sql: Sql, merging: Merging, losers: readonly SideRows[]): Promise<ResolvedRow[]> {
  if (losers.every(({ keys }) => keys.length === 0)) return [];
  const family = await findFamily(sql, merging, losers);
  const lost = lostVersions(family.candidates);
  const ordered = parentsFirst(family.candidates.filter(({ id }) => lost.has(id)));
  const removed = await remove(sql, merging, { ordered, family, lost });
  const roots = rootsOf(ordered);
  const dependants = ordered.flatMap((candidate) => {
    const versions = removed.get(candidate.id);
    return versions === undefined ? [] : resolvedRow(candidate, versions, { lost, root: roots.get(candidate.id) });
  });
  return [...dependants, ...(await referencesOf(sql, merging, { family, lost, roots }))];
}

/**
 * Everything a merge did, after dependants were removed: a row that first lost to one side and then, as a dependant, to
 * the other is listed once, with its final result.
 */
export function withDependants(reported: readonly ResolvedRow[], dependants: readonly ResolvedRow[]): ResolvedRow[] {
  const name = ({ table, key }: ResolvedRow): string => JSON.stringify([table, Object.entries(key)]);
  const decided = new Set(dependants.flatMap((row) => (row.kind === 'reference' ? [] : [name(row)])));
  return [...reported.filter((row) => row.kind !== 'id-collision' || !decided.has(name(row))), ...dependants];
}

/** A removed row in the version of each side. */
type Versions = Readonly<Record<Side, Cells | null>>;

interface Verdict {
  readonly ordered: readonly Candidate[];
  readonly family: Family;
  readonly lost: ReadonlySet<string>;
}

/** @returns the versions of the rows that were removed from the merge, by the id of the lost one */
async function remove(sql: Sql, merging: Merging, verdict: Verdict): Promise<ReadonlyMap<string, Versions>> {
  const removed = new Map<string, Versions>();
  const groups = groupBy(
    verdict.ordered.filter(({ isLoser }) => !isLoser),
    ({ shape, side }) => JSON.stringify([shape.name, side]),
  );
  for (const [first, ...others] of groups.values()) {
    if (first === undefined) continue;
    const { shape, side } = first;
    if (await hasTriggers(sql, shape.name)) throw firesTriggers(shape.name, 'removing');
    for (const page of inParts([first, ...others], KEYS_PER_STATEMENT)) {
      const keys = page.map(({ key }) => key);
      const own = await rowsByKeyText(sql, shape, { keys, commit: merging[side] });
      const rival = await rowsByKeyText(sql, shape, { keys, commit: merging[otherSide(side)] });
      // Rows that an earlier step of the merge removed are listed by that step.
      const present: Candidate[] = [];
      for (const one of page) if ((await merging.pending.row(shape.name, one.key)) !== null) present.push(one);
      await merging.pending.remove(
        shape.name,
        present.map(({ key }) => key),
      );
      const freed = present.filter(({ opponent }) => opponent !== null && !verdict.lost.has(opponent));
      const back = { commit: merging[otherSide(side)], keys: freed.map(({ key }) => key) };
      await merging.pending.bringBack(shape, back);
      for (const { id, key } of present) {
        const text = keyText(shape, key);
        const [mine, theirs] = [own.get(text) ?? null, rival.get(text) ?? null];
        removed.set(id, side === 'ours' ? { ours: mine, theirs } : { ours: theirs, theirs: mine });
      }
    }
  }
  return removed;
}

/** The row that lost its key, for each version that refers to it; the first if there are several. */
function rootsOf(ordered: readonly Candidate[]): ReadonlyMap<string, Candidate> {
  const roots = new Map<string, Candidate>();
  for (const candidate of ordered) {
    const [parent] = [...candidate.parents].flatMap((id) => roots.get(id) ?? []).sort(compareKeys);
    roots.set(candidate.id, candidate.isLoser ? candidate : (parent ?? candidate));
  }
  return roots;
}

function withOf(root: Candidate | undefined): Pick<ResolvedRow, 'with'> {
  return root === undefined ? {} : { with: { table: root.shape.name, key: root.key } };
}

function resolvedRow(
  { shape, key, side, opponent }: Candidate,
  versions: Versions,
  found: { readonly lost: ReadonlySet<string>; readonly root: Candidate | undefined },
): ResolvedRow[] {
  const row = { table: shape.name, key, base: null, left: true, ...withOf(found.root) };
  const winner = versions[otherSide(side)];
  const columns = ordinaryColumns(shape);
  const gone = (from: Side): ResolvedRow => {
    const only = { ours: null, theirs: null, [from]: versions[from] };
    return { ...row, ...only, kind: 'dependant', columns, wins: [], from };
  };
  if (winner === null) return [gone(side)];
  if (opponent !== null && found.lost.has(opponent)) return [gone(side), gone(otherSide(side))];
  const differing = columns.filter((name) => (winner[name] ?? null) !== (versions[side]?.[name] ?? null));
  const wins = [{ column: null, side: otherSide(side), reason: 'family' } as const];
  return [{ ...row, ...versions, kind: 'id-collision', columns: differing, wins }];
}

/**
 * The rows that stay and still refer to a lost row in the merge, each once, by table and key. If no other row has the
 * referenced key, they refer to what they did in the base.
 * @throws Failure `constraint-violation` if that would fire a trigger
 */
async function referencesOf(
  sql: Sql,
  merging: Merging,
  found: Pick<Verdict, 'family' | 'lost'> & { readonly roots: ReadonlyMap<string, Candidate> },
): Promise<ResolvedRow[]> {
  const candidates = new Map(found.family.candidates.map((candidate) => [candidate.id, candidate]));
  const reported = new Map<string, ResolvedRow>();
  const remaining = found.family.references.filter(({ to }) => found.lost.has(to));
  for (const reference of remaining.toSorted(compareKeys)) {
    const { shape, key, side, to } = reference;
    // A generated column is neither restored nor set by a person, but the columns that it is computed from.
    const columns = columnsBehind(shape, reference.columns);
    const [root, target] = [found.roots.get(to), candidates.get(to)];
    const id = JSON.stringify([shape.name, key, columns, root?.id]);
    if (root === undefined || target === undefined || reported.has(id)) continue;
    const isKeyless = shape.key.length === 0;
    const versions = isKeyless ? { ours: {}, theirs: {}, base: null } : await versionsOf(sql, merging, reference);
    if (versions === null) continue;
    const isKeyInUse = isKeyless || (await merging.pending.row(target.shape.name, target.key)) !== null;
    if (!isKeyInUse) await restoreColumns(sql, merging, { ...reference, columns });
    const row = { kind: 'reference' as const, table: shape.name, key, columns, wins: [], left: true, from: side };
    reported.set(id, { ...row, ...versions, ...withOf(root) });
  }
  return [...reported.values()];
}

async function restoreColumns(
  sql: Sql,
  merging: Merging,
  { shape, key, side, columns }: Omit<Reference, 'to'>,
): Promise<void> {
  const { pending } = merging;
  if (columns.some((name) => shape.key.includes(name))) return;
  // A document with changes of both sides stays, and the verification refuses the merge.
  const [own] = await rowsByKey(sql, shape, { keys: [key], commit: merging[side] });
  const merged = await pending.row(shape.name, key);
  if (!columns.every((name) => isSame(name, merged, own))) return;
  if (!(await pending.isMovable(shape.name))) throw firesTriggers(shape.name, 'changing');
  const read = await keysByBase(sql, merging, { shape, columns }, [key]);
  await pending.move(shape.name, [key]);
  for (const [commit, keys] of read) await pending.restoreColumns(shape.name, { keys, columns, commit });
}

/** A row in the base and at both heads; null if the merge has another reference. */
async function versionsOf(
  sql: Sql,
  merging: Merging,
  { shape, key, side, columns }: Reference,
): Promise<Pick<ResolvedRow, 'base' | 'ours' | 'theirs'> | null> {
  const at = async (commit: string): Promise<Cells | null> =>
    (await rowsByKey(sql, shape, { keys: [key], commit }))[0] ?? null;
  const merged = await merging.pending.row(shape.name, key);
  const own = await at(merging[side]);
  // Of a pending row only the columns are known that a generated one is computed from.
  const read = columns.flatMap((name) => (merged !== null && name in merged ? [name] : columnsBehind(shape, [name])));
  if (!read.every((name) => isSame(name, merged, own))) return null;
  const base = (await baseRows(sql, merging, shape, [key])).get(keyText(shape, key)) ?? null;
  return { base, ours: await at(merging.ours), theirs: await at(merging.theirs) };
}

function isSame(name: string, a: Cells | null | undefined, b: Cells | null | undefined): boolean {
  return (a?.[name] ?? null) === (b?.[name] ?? null);
}
