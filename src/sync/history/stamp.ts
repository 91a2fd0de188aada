import type { Diagnostic } from '../../core/diagnostic.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { counted } from '../../core/text.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { updateColumn } from '../../dolt/rows/stored-rows.ts';
import { tableNamesAt } from '../../dolt/schema/table-definitions.ts';
import { hasTriggers, ordinaryColumns, tableShape } from '../../dolt/schema/table-shape.ts';
import { checkout, createBranch } from '../../dolt/sql/heads.ts';
import { commitInfo } from '../../dolt/sql/history.ts';
import { beginMerging, commitSigned } from '../../dolt/sql/merge.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { moveLocalBranch } from '../advance.ts';
import { refuseLossyCommits } from '../incoming/refuse-own-head.ts';
import { scratchName } from '../merge/scratch.ts';
import type { PeerProgress } from '../peer-progress.ts';
import { headsAtPeer } from '../send-branch.ts';
import type { LocalHead, SyncContext } from '../sync-context.ts';
import { newRowsWithout } from './new-rows.ts';

const TABLE = 'issues';
const COLUMN = 'source_system';
const MESSAGE = 'federation stamp v1';
const HINT = 'Rows that are pushed without a name never get one.';

interface StampedHead {
  /** The local side with the head of our branch. */
  readonly local: LocalHead;
  /** Why this run may push nothing; null: it may. */
  readonly pushRefusal: Failure | null;
}

/**
 * Names this database as the source of the issues that it created and that have none, before they are first pushed:
 * those that no peer has or had. Only the creator does so, and the commit depends on nothing but the heads,
 * so all databases agree. It is made on our branch. If another client of a server commits meanwhile, it is made again on
 * that head.
 */
export async function stampRows(
  context: SyncContext,
  local: LocalHead,
  allProgress: readonly PeerProgress[],
): Promise<StampedHead> {
  const { attribution, town } = context;
  if (attribution !== 'stamp' || town === null) return { local, pushRefusal: null };
  if (!allProgress.some(({ actions }) => actions?.push === true)) return { local, pushRefusal: null };
  const notReached = allProgress.filter((progress) => knownHeads(progress) === null).map(({ peer }) => peer.name);
  const unknown = [...notReached, ...context.unread];
  const heads = new Set([...context.known, ...allProgress.flatMap((progress) => knownHeads(progress) ?? [])]);
  const stampOn = (ours: string) => makeStamp(context, { town, ours, heads: [...heads] });
  try {
    let stamped = await stampOn(local.ours);
    if (stamped === null) return { local, pushRefusal: null };
    if (unknown.length > 0)
      return notStamped(context, local, `it is unknown which of them ${unknown.join(', ')} has already`);
    let to = stamped.commit;
    let whyNot: string | null = null;
    const stampAgain = async (moved: string): Promise<string> => {
      await refuseLossyCommits(context, { from: local.ours, to: moved });
      stamped = await stampOn(moved).catch((thrown: unknown) => {
        whyNot = reasonOfData(thrown);
        return null;
      });
      to = stamped?.commit ?? moved;
      return to;
    };
    const { head, failure } = await moveLocalBranch(context, { ours: local.ours, target: to }, stampAgain);
    if (failure !== null && head !== to) return { local, pushRefusal: unnamed(failure) };
    const ours = { ...local, ours: head };
    if (whyNot !== null) return notStamped(context, ours, whyNot);
    if (stamped !== null) {
      const message = `${counted(stamped.rows, 'row')} of ${TABLE} got the source ${town}, in the commit ${head}`;
      context.notify({ severity: 'notice', code: 'stamped', message });
    }
    return { local: ours, pushRefusal: null };
  } catch (thrown) {
    return notStamped(context, local, reasonOfData(thrown));
  }
}

/** The head that a peer is known to have; null: it was never read. */
function knownHeads(progress: PeerProgress): string[] | null {
  const { head, state, remembered } = progress;
  if (head === null && remembered === null && state !== 'remote-empty' && state !== 'branch-missing') return null;
  return [...headsAtPeer(progress), ...(remembered === null ? [] : [remembered.head])];
}

const OF_DATA: readonly string[] = ['unknown', 'dolt-defect', 'constraint-violation', 'timeout'];

/**
 * Why rows cannot be named. A value that does not fit its column, or a table of a peer that takes long, must not stop the
 * exchange.
 * @throws every other error
 */
function reasonOfData(thrown: unknown): string {
  const failure = toFailure(thrown);
  if (!OF_DATA.includes(failure.code)) throw thrown;
  return failure.withoutValues;
}

/** An issue that is pushed without a name never gets one, and this one gets it in the next run. */
function unnamed({ code, message, hint }: Failure): Failure {
  return new Failure(code, `nothing was pushed, because new rows of ${TABLE} have no name yet: ${message}`, {
    hint: code === 'contention' ? 'Run again: the next run gives these rows their name and pushes them.' : hint,
  });
}

/** Refuses the pushes of a run that has merged what the peers have. */
export function refuseAllPushes(allProgress: readonly PeerProgress[], failure: Failure): void {
  for (const progress of allProgress)
    if (progress.actions?.push === true && progress.failure === null) progress.fail(failure, 'refused');
}

function notStamped({ notify }: SyncContext, local: LocalHead, why: string): StampedHead {
  const message = `new rows of ${TABLE} did not get the name of this database as their source: ${why}`;
  const notice: Diagnostic = { severity: 'warning', code: 'not-stamped', message, hint: HINT };
  notify(notice);
  return { local, pushRefusal: null };
}

interface Stamping {
  readonly town: string;
  readonly ours: string;
  readonly heads: readonly string[];
}

interface Stamp {
  readonly commit: string;
  readonly rows: number;
}

/** @returns null if there is no such row */
async function makeStamp({ engines, limits, rules }: SyncContext, stamping: Stamping): Promise<Stamp | null> {
  return await engines.use(NO_CREDENTIALS, async ({ database, allWithin }) => {
    const branch = scratchName();
    await createBranch(database, { name: branch, at: stamping.ours });
    return await allWithin(limits.of('comparing'), () =>
      database.session(async (sql) => {
        await beginMerging(sql);
        await checkout(sql, branch);
        return await commitStamp(sql, rules, stamping);
      }),
    );
  });
}

async function commitStamp(
  sql: Sql,
  rules: SyncContext['rules'],
  { town, ours, heads }: Stamping,
): Promise<Stamp | null> {
  if (!rules.recognises(await tableNamesAt(sql, ours))) return null;
  const shape = await tableShape(sql, TABLE);
  if (shape.key.length !== 1 || shape.key[0] !== 'id' || !ordinaryColumns(shape).includes(COLUMN)) return null;
  const keys = await newRowsWithout(sql, { shape, column: COLUMN }, { ours, heads });
  if (keys.length === 0) return null;
  if (await hasTriggers(sql, TABLE))
    throw new Failure('constraint-violation', `writing it would fire the triggers of ${TABLE}`);
  await updateColumn(sql, shape, { column: COLUMN, value: town, keys });
  const { date } = await commitInfo(sql, ours);
  return { commit: await commitSigned(sql, { message: MESSAGE, date }), rows: keys.length };
}
