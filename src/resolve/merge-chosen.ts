import { Problems } from '../config/problems.ts';
import { Failure } from '../core/failure.ts';
import { keyText } from '../dolt/rows/row-key.ts';
import { type TableShape, tableNames, tableShape } from '../dolt/schema/table-shape.ts';
import { commitMerge, undoMerge } from '../dolt/sql/merge.ts';
import type { Database, Sql } from '../dolt/sql/sql.ts';
import { forgetViolations, type Violation } from '../dolt/sql/violations.ts';
import { refuseSilentLosses } from '../rows/constraints/silent-losses.ts';
import { brokenConstraints } from '../rows/constraints/verify-merge.ts';
import { refuseWrongCells } from '../rows/corrections/wrong-cells.ts';
import { violated } from '../rows/merge-failure.ts';
import type { DatabaseRules } from '../rows/table-policy.ts';
import { applyChoices } from './apply-choices.ts';
import { rowName, type UnresolvedMerge } from './conflicts-file.ts';
import { type Decided, type Decision, decide } from './decide.ts';
import { removeDuplicates } from './duplicates.ts';
import { type Stopped, withMerge } from './open-merge.ts';
import { rowsOf } from './unresolved-rows.ts';

/** Longer lists do not help; the file has them all. */
const SHOWN = 50;
const BREAKS = 'the chosen rows would break constraints';
const CHOOSE_OTHERS = 'Make other choices for these rows, then run the same command again. Nothing was merged.';
const NOT_CHOSEN = 'the merge would break constraints in rows that no choice changes';
const CORRECT =
  'Give these rows other values on one side, and commit. Then run `dolt-federation sync` and `dolt-federation resolve`. Nothing was merged.';
const NOTHING_TO_CHOOSE: Decision = { kind: 'cells', cells: new Map() };

/**
 * Makes the merges of a file, one after the other, with its choices. No local branch moves: a temporary branch keeps
 * the last commit until a fast-forward.
 * @returns that commit
 * @throws Failure `conflicts-file-invalid` with all invalid entries, `conflicts-undecided` with all undecided rows,
 * `constraint-violation` if the chosen rows contradict each other, and any reason why a merge is impossible
 */
export async function mergeChosen(
  database: Database,
  merges: readonly UnresolvedMerge[],
  rules: DatabaseRules,
): Promise<string> {
  await checkChoices(database, merges, rules);
  let head = merges[0]?.ours ?? '';
  for (const [index, merge] of merges.entries()) {
    const twin = merges.slice(0, index).find(({ theirs }) => theirs === merge.theirs);
    if (twin !== undefined) {
      checkTwin(merge, twin);
      continue;
    }
    head = await withMerge(database, { ours: head, theirs: merge.theirs, rules }, async (sql, stopped) => {
      const decided = decideAll(stopped, merge);
      if (decided.problems.length + decided.undecided.length > 0) throw movedBy(merge, merges.slice(0, index));
      return commitChosen(sql, { ...stopped, rules }, decided);
    });
  }
  return head;
}

/**
 * For peers at the same head, the first one counts.
 * @throws Failure `conflicts-file-invalid` if another one has different choices
 */
function checkTwin(merge: UnresolvedMerge, twin: UnresolvedMerge): void {
  if (JSON.stringify(choicesOf(twin)) === JSON.stringify(choicesOf(merge))) return;
  throw new Failure(
    'conflicts-file-invalid',
    `${merge.peer} is at the same commit as ${twin.peer} but has different choices`,
    { hint: 'Make the same choices for both, or remove the entry of one of them.', location: merge.at },
  );
}

function choicesOf({ rows }: UnresolvedMerge): unknown {
  return rows.map((row) => [
    rowName(row),
    row.choose,
    Object.entries(row.cells).map(([column, { choose }]) => [column, choose]),
  ]);
}

/** Checks every merge of the file first, so that all invalid and missing choices are reported together. */
async function checkChoices(
  database: Database,
  merges: readonly UnresolvedMerge[],
  rules: DatabaseRules,
): Promise<void> {
  const problems = new Problems();
  const undecided: string[] = [];
  for (const merge of merges) {
    const { ours, theirs } = merge;
    const decided = await withMerge(database, { ours, theirs, rules }, async (sql, stopped) => {
      await undoMerge(sql);
      return decideAll(stopped, merge);
    });
    for (const problem of decided.problems) problems.add(problem);
    undecided.push(...decided.undecided.map((text) => `${merge.peer}: ${text}`));
  }
  problems.throwIfAny();
  if (undecided.length === 0) return;
  const shown = undecided.slice(0, SHOWN).map((text) => `  ${text}`);
  const more = undecided.length > SHOWN ? [`  and ${undecided.length - SHOWN} more`] : [];
  throw new Failure('conflicts-undecided', [`missing choices (${undecided.length}):`, ...shown, ...more].join('\n'));
}

function decideAll(stopped: Stopped, merge: UnresolvedMerge): Decided {
  const rows = rowsOf(stopped);
  const decided = decide(rows, merge);
  const chosen = new Set(rows.map(rowName));
  const silent = stopped.tables.flatMap(({ rows: all }) =>
    all.filter(({ unresolved }) => !chosen.has(rowName(unresolved))),
  );
  const decisions = new Map(decided.decisions);
  for (const { unresolved } of silent) decisions.set(rowName(unresolved), NOTHING_TO_CHOOSE);
  return { ...decided, decisions };
}

function movedBy(merge: UnresolvedMerge, before: readonly UnresolvedMerge[]): Failure {
  const names = before.map(({ peer }) => peer).join(', ');
  return new Failure(
    'conflicts-stale',
    `the choices for ${names} change the conflicts with ${merge.peer}, so nothing was merged`,
    {
      hint: `Remove the entry of ${merge.peer} from the file, resolve the rest, and run sync. Then resolve ${merge.peer} with the new file.`,
      location: merge.at,
    },
  );
}

async function commitChosen(
  sql: Sql,
  stopped: Stopped & { readonly rules: DatabaseRules },
  decided: Decided,
): Promise<string> {
  const { pending, heads, rules } = stopped;
  if (heads.base === heads.theirs) return heads.ours;
  for (const table of stopped.tables) {
    await applyChoices(sql, table, { decided, swapped: stopped.swapped, pending }).catch(throwBroken);
  }
  await removeDuplicates(sql, stopped.duplicates, decided);
  for (const table of pending.tables()) {
    await pending.pull(table);
    await pending.write(table).catch(throwBroken);
  }
  await forgetViolations(sql);
  const broken = await brokenConstraints(sql, heads);
  for (const violation of broken) {
    if (canChange(stopped, await tableShape(sql, violation.table), violation))
      throw violated(broken, BREAKS, CHOOSE_OTHERS);
  }
  if (broken.length > 0) throw violated(broken, NOT_CHOSEN, CORRECT);
  const decidedRows = [...stopped.tables.flatMap(({ rows }) => rows), ...stopped.duplicates];
  const named = [...decidedRows.map(({ unresolved }) => unresolved), ...stopped.ambiguous];
  await refuseSilentLosses(sql, heads, named);
  await refuseWrongCells(sql, heads, named);
  if (rules.recognises(await tableNames(sql))) await rules.derive(sql, heads);
  return commitMerge(sql, heads);
}

/** Whether other choices can change a row that breaks a constraint, or rows that it refers to. */
function canChange(
  { tables, duplicates }: Stopped,
  shape: TableShape,
  { table, type, row, parent }: Violation,
): boolean {
  const chosen = [...tables.flatMap(({ rows }) => rows), ...duplicates].map(({ unresolved }) => unresolved);
  const isIn = (name: string | undefined): boolean => chosen.some((one) => one.table === name);
  if (type === 'foreign key') return isIn(table) || isIn(parent?.table);
  // Choices change how often a row is there, and two rows with a unique value differ.
  if (shape.key.length === 0) return type !== 'unique index' && isIn(table);
  const key = keyText(shape, row);
  return chosen.some(
    (one) => one.table === table && [one.key, one.otherKey ?? one.key].some((cells) => keyText(shape, cells) === key),
  );
}

/** The order of the two sides decides whether Dolt detects an orphan already while conflicts are resolved. */
function throwBroken(thrown: unknown): never {
  if (!(thrown instanceof Failure) || thrown.code !== 'constraint-violation') throw thrown;
  throw new Failure('constraint-violation', `${BREAKS}\n${thrown.message}`, { hint: CHOOSE_OTHERS, cause: thrown });
}
