import { z } from 'zod';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { inParts } from '../../core/lists.ts';
import { counted } from '../../core/text.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { updateColumn } from '../../dolt/rows/stored-rows.ts';
import { tableNamesAt } from '../../dolt/schema/table-definitions.ts';
import { hasTriggers, ordinaryColumns, tableShape } from '../../dolt/schema/table-shape.ts';
import { cellSchema } from '../../dolt/sql/cell.ts';
import { checkout, createBranch } from '../../dolt/sql/heads.ts';
import { commitInfo, isPresent, mergeBase } from '../../dolt/sql/history.ts';
import { beginMerging, commitSigned } from '../../dolt/sql/merge.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { advanceLocalBranch } from '../advance.ts';
import { scratchName } from '../merge/scratch.ts';
import type { PeerProgress } from '../peer-progress.ts';
import { headsAtPeer } from '../send-branch.ts';
import type { LocalHead, SyncContext } from '../sync-context.ts';

const TABLE = 'issues';
const COLUMN = 'source_system';
const MESSAGE = 'federation stamp v1';
const HINT = 'Rows that are pushed without a name never get one.';

const KEYS_PER_STATEMENT = 500;
const keyRow = z.object({ id: cellSchema });

/**
 * Names this database as the source of the issues that it created and that have none, before they are first pushed:
 * those that no head of a peer has or had. Only the creator does so, and the commit depends on nothing but the heads,
 * so all databases agree. It is made on our branch.
 * @returns the local side with the new head
 */
export async function stampRows(
  context: SyncContext,
  local: LocalHead,
  allProgress: readonly PeerProgress[],
): Promise<LocalHead> {
  const { attribution, engines, rules, town } = context;
  if (attribution !== 'stamp' || town === null) return local;
  if (!allProgress.some(({ actions }) => actions?.push === true)) return local;
  const unknown = allProgress.filter((progress) => knownHeads(progress) === null).map(({ peer }) => peer.name);
  if (unknown.length > 0)
    return notStamped(context, local, `it is unknown which of them ${unknown.join(', ')} has already`);
  const heads = [...context.known, ...allProgress.flatMap((progress) => knownHeads(progress) ?? [])];
  try {
    const stamped = await engines.use(NO_CREDENTIALS, async ({ database, allWithin }) => {
      const branch = scratchName();
      await createBranch(database, { name: branch, at: local.ours });
      return await allWithin(context.limits.of('comparing'), () =>
        database.session(async (sql) => {
          await beginMerging(sql);
          await checkout(sql, branch);
          return await commitStamp(sql, { rules, town, ours: local.ours, heads: [...new Set(heads)] });
        }),
      );
    });
    if (stamped === null) return local;
    const head = await advanceLocalBranch(context, { ours: local.ours, target: stamped.commit }, []);
    if (head !== stamped.commit) return notStamped(context, local, 'the branch could not be moved');
    const message = `${counted(stamped.rows, 'row')} of ${TABLE} got the source ${town}, in the commit ${head}`;
    context.notify({ severity: 'notice', code: 'stamped', message });
    return { ...local, ours: head };
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (!isOfData(failure)) throw thrown;
    return notStamped(context, local, failure.withoutValues);
  }
}

/** The head that a peer is known to have; null: it was never read. */
function knownHeads(progress: PeerProgress): string[] | null {
  const { head, state, remembered } = progress;
  if (head === null && remembered === null && state !== 'remote-empty' && state !== 'branch-missing') return null;
  return [...headsAtPeer(progress), ...(remembered === null ? [] : [remembered.head])];
}

/** A value that does not fit its column, or a table of a peer that takes long, must not stop the exchange. */
function isOfData({ code }: Failure): boolean {
  return code === 'unknown' || code === 'dolt-defect' || code === 'constraint-violation' || code === 'timeout';
}

function notStamped({ notify }: SyncContext, local: LocalHead, why: string): LocalHead {
  const message = `new rows of ${TABLE} did not get the name of this database as their source: ${why}`;
  const notice: Diagnostic = { severity: 'warning', code: 'not-stamped', message, hint: HINT };
  notify(notice);
  return local;
}

interface Stamping {
  readonly rules: SyncContext['rules'];
  readonly town: string;
  readonly ours: string;
  readonly heads: readonly string[];
}

/** @returns null if there is no such row */
async function commitStamp(
  sql: Sql,
  { rules, town, ours, heads }: Stamping,
): Promise<{ readonly commit: string; readonly rows: number } | null> {
  if (!rules.recognises(await tableNamesAt(sql, ours))) return null;
  const shape = await tableShape(sql, TABLE);
  if (shape.key.length !== 1 || shape.key[0] !== 'id' || !ordinaryColumns(shape).includes(COLUMN)) return null;
  const others = await commitsWithTable(sql, ours, heads);
  const known = others.map(() => ` AND id NOT IN (SELECT id FROM ${TABLE} AS OF ? WHERE id IS NOT NULL)`).join('');
  // Dolt 2.3.0 refuses an UPDATE with such a subquery ("not updatable"), so the keys are read first.
  const keys = await sql.rows(keyRow, `SELECT id FROM ${TABLE} WHERE COALESCE(${COLUMN}, '') = ''${known}`, others);
  if (keys.length === 0) return null;
  if (await hasTriggers(sql, TABLE))
    throw new Failure('constraint-violation', `writing it would fire the triggers of ${TABLE}`);
  for (const part of inParts(keys, KEYS_PER_STATEMENT))
    await updateColumn(sql, shape, { column: COLUMN, value: town, keys: part });
  const { date } = await commitInfo(sql, ours);
  return { commit: await commitSigned(sql, { message: MESSAGE, date }), rows: keys.length };
}

/** The heads of the peers, and what each has in common with us: it may have deleted a row since. */
async function commitsWithTable(sql: Sql, ours: string, heads: readonly string[]): Promise<string[]> {
  const commits = new Set<string>();
  for (const head of heads) {
    if (!(await isPresent(sql, head))) continue;
    const base = await mergeBase(sql, ours, head);
    for (const commit of base === null ? [head] : [base, head]) commits.add(commit);
  }
  const found: string[] = [];
  for (const commit of [...commits].sort()) if ((await tableNamesAt(sql, commit)).includes(TABLE)) found.push(commit);
  return found;
}
