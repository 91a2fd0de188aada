import type { BlockedRow } from '../../contract/result.ts';
import type { Accept } from '../../contract/vocabulary.ts';
import { counted, listed, plain } from '../../core/text.ts';
import type { Deletion, IncomingChanges, OthersLoss } from './incoming-changes.ts';
import { mergeLossText } from './losses/lossy-merges.ts';

/** One reason to refuse a head unless the peer's `accept` allows it. */
export interface Finding {
  readonly code:
    | 'peer-brings-code'
    | 'peer-changes-local-tables'
    | 'schema-ahead'
    | 'schema-fork'
    | 'other-project'
    | 'not-comparable'
    | 'peer-steers'
    | 'mass-deletion'
    | 'lossy-merge'
    | 'future-date';
  /** The action of the peer; completes a sentence that starts with its name. */
  readonly text: string;
  /** The `accept` values that allow this; all of them are required. None: nothing allows it. */
  readonly acceptedBy: readonly Accept[];
  /** The first of the rows that caused the finding. */
  readonly rows: readonly BlockedRow[];
  /** A specific hint that replaces the one of the code. */
  readonly hint?: string;
}

/** Smaller tables are not checked for mass deletion: a few rows are quickly half of them. */
export const COUNTED_ROWS = 20;

const DROPPED =
  'Ask the operator of the peer. If it is intended, list `deletion` in `federation.peers.<peer>.accept`. `--max-delete` only applies to rows, not to tables or columns.';

const LOST = 'drops, renames or gives another kind of type to';

const LOSSY =
  'Ask the operator of the peer to commit what the merge left uncommitted there: any command of bd that writes does it, or `dolt add -A` and `dolt commit`. Then run again. If the rows are meant to be gone, list `deletion` under `accept` of this peer.';
const UPGRADE_HERE =
  'Upgrade bd here and run `bd list`, or `bd migrate --force` if it refuses because of remotes; then run again. It moves events that only this database has to a local table, and a merge would drop them. If no bd works on this database, list `ignore` and `deletion` under `accept` of this peer.';
const EXPRESSIONS =
  'Dolt computes these expressions for your rows. Review them in a clone of the peer. If you want them, list `expressions` in `federation.peers.<peer>.accept`.';
const PRIVATE =
  'Ask the peer to rename or remove the table. If you want to share it, remove its pattern from `dolt_ignore` here, or list `ignored-tables` in `federation.peers.<peer>.accept`.';

const KEPT_DATE =
  'Compare the clocks of this machine and of the peer. If this machine is behind, correct its clock and run again. If the peer was ahead, correct its clock and the rows with such dates. The date of a commit stays in the history: wait until it is less than 24 hours ahead, have the peer make its commits again and push them by force, or list `future` in `federation.peers.<peer>.accept`.';

const ACCEPTED_BY: ReadonlyMap<string, readonly Accept[]> = new Map([
  ['trigger', ['triggers']],
  ['event', ['events']],
  ['procedure', ['procedures']],
]);

/** An unknown kind of definition may contain any code. */
const UNKNOWN_KIND: readonly Accept[] = ['triggers', 'events', 'procedures'];

/**
 * All findings about what a head brings, in the order of the report.
 * @param maxDelete percent of a table's rows, 0 to 100
 */
export function incomingFindings(incoming: IncomingChanges, maxDelete: number): Finding[] {
  const all = [
    ...ofProject(incoming),
    ...ofVersions(incoming),
    ...ofCode(incoming),
    ...ofExpressions(incoming),
    ...ofLocalTables(incoming),
    ...ofPrivateTables(incoming),
    ...ofSteering(incoming),
    ...ofUnexplained(incoming),
    ...ofLossyMerges(incoming),
    ...ofLosses(incoming, maxDelete),
    ...ofDates(incoming),
  ];
  return all.map((finding) => ({ ...finding, text: plain(finding.text) }));
}

/** Whether more of a table is gone than a peer may delete at once. */
export function isMassDeletion(
  { before, deleted, whole }: Pick<Deletion, 'before' | 'deleted' | 'whole'>,
  maxDelete: number,
): boolean {
  if (whole) return true;
  return before >= COUNTED_ROWS && deleted * 100 > before * maxDelete;
}

/**
 * The rows of ours that a merge removes, as the end of a sentence.
 * @param maxDelete percent of a table's rows, 0 to 100
 */
export function ourLosses(losses: readonly Deletion[], maxDelete: number): string {
  const texts = losses.map(({ table, before, deleted }) => `${deleted} of our ${before} rows of ${table}`);
  return `${texts.join(', ')} (\`--max-delete\` is ${maxDelete} %)`;
}

/** The same for rows of other peers. */
export function othersLosses(losses: readonly Deletion[], peers: readonly string[], maxDelete: number): string {
  const texts = losses.map(
    ({ table, before, deleted }) => `${deleted} of the ${before} rows of ${table} at ${listed('other peer', peers)}`,
  );
  return `${texts.join(', ')} (\`--max-delete\` is ${maxDelete} %)`;
}

function ofProject({ otherProject }: IncomingChanges): Finding[] {
  if (!otherProject) return [];
  const text = 'belongs to another project of beads than this database: `_project_id` differs';
  return [{ code: 'other-project', text, acceptedBy: [], rows: [] }];
}

function ofVersions({ versions }: IncomingChanges): Finding[] {
  if (versions === null) return [];
  const { ours, theirs, forks } = versions;
  if (forks.length > 0) {
    const text = `has other migrations than this database under ${listed('version', forks)} of the schema`;
    return [{ code: 'schema-fork', text, acceptedBy: [], rows: [] }];
  }
  if (theirs <= ours) return [];
  const text = `is at version ${theirs} of the schema of beads, but this database is at ${ours}`;
  return [{ code: 'schema-ahead', text, acceptedBy: ['ignore', 'deletion'], rows: [], hint: UPGRADE_HERE }];
}

function ofCode({ definitions }: IncomingChanges): Finding[] {
  const code = definitions.filter(({ kind, change }) => kind !== 'view' && change !== 'removed');
  return [...new Set(code.map(({ kind }) => kind))].map((kind) => {
    const names = code.filter((one) => one.kind === kind).map(({ name, change }) => `${name}, ${change}`);
    const acceptedBy = ACCEPTED_BY.get(kind) ?? UNKNOWN_KIND;
    return { code: 'peer-brings-code', text: `sends ${listed(kind, names)}`, acceptedBy, rows: [] };
  });
}

function ofLocalTables({ localTables }: IncomingChanges): Finding[] {
  return localTables.map(({ table, count, rows }) => ({
    code: 'peer-changes-local-tables',
    text: `changes ${counted(count, 'row')} of ${table}`,
    acceptedBy: ['ignore'],
    rows,
  }));
}

function ofExpressions({ expressions }: IncomingChanges): Finding[] {
  return expressions.map(({ table, calls }) => {
    const names = (calls ?? []).map((call) => `${call.function} in the ${call.kind} ${call.item}`);
    const what =
      calls === null ? 'cannot be read because of quotes in names or comments' : `call ${listed('function', names)}`;
    const text = `sends expressions of ${table} that ${what}`;
    return { code: 'peer-brings-code', text, acceptedBy: ['expressions'], rows: [], hint: EXPRESSIONS };
  });
}

function ofPrivateTables({ privateTables }: IncomingChanges): Finding[] {
  const acceptedBy: readonly Accept[] = ['ignored-tables'];
  const [behind, incoming] = [privateTables.filter(({ inBase }) => inBase), privateTables.filter((one) => !one.inBase)];
  const names = (tables: typeof privateTables): string[] => tables.map(({ table }) => table);
  return [
    ...(incoming.length === 0
      ? []
      : [
          {
            code: 'peer-changes-local-tables' as const,
            text: `sends ${listed('table', names(incoming))} that \`dolt_ignore\` excludes from commits here`,
            acceptedBy,
            rows: [],
            hint: PRIVATE,
          },
        ]),
    ...(behind.length === 0
      ? []
      : [
          {
            code: 'schema-ahead' as const,
            text: `changes ${listed('table', names(behind))} that \`dolt_ignore\` excludes from commits here`,
            acceptedBy,
            rows: [],
          },
        ]),
  ];
}

function ofSteering({ steering }: IncomingChanges): Finding[] {
  return steering.map(({ table, count, rows }) => ({
    code: 'peer-steers',
    text: `changes ${counted(count, 'row')} of ${table} that may control the servers, the credentials or the lists of bd`,
    acceptedBy: ['peers'],
    rows,
  }));
}

function ofUnexplained({ unexplained }: IncomingChanges): Finding[] {
  if (unexplained.length === 0) return [];
  const text = `sends ${listed('table', unexplained)} whose contents differ, but Dolt shows no difference`;
  return [{ code: 'not-comparable', text, acceptedBy: ['recreated'], rows: [] }];
}

function ofLossyMerges({ lossy }: IncomingChanges): Finding[] {
  return lossy.map((merge) => ({
    code: 'lossy-merge',
    text: `has the merge ${mergeLossText(merge)}`,
    acceptedBy: ['deletion'],
    rows: merge.rows,
    hint: LOSSY,
  }));
}

function ofLosses({ dropped, lostColumns, deletions, othersLosses }: IncomingChanges, maxDelete: number): Finding[] {
  const loss = (text: string, rows: readonly BlockedRow[]): Finding => ({
    code: 'mass-deletion',
    text,
    acceptedBy: ['deletion'],
    rows,
  });
  return [
    ...(dropped.length === 0 ? [] : [{ ...loss(`drops ${listed('table', dropped)}`, []), hint: DROPPED }]),
    ...(lostColumns.length === 0 ? [] : [{ ...loss(`${LOST} ${listed('column', lostColumns)}`, []), hint: DROPPED }]),
    ...deletions
      .filter((deletion) => isMassDeletion(deletion, maxDelete))
      .map((deletion) => loss(lossText(deletion, maxDelete), deletion.rows)),
    ...othersLosses.map((lost) => ({
      ...loss(othersText(lost, maxDelete), lost.rows),
      ...(lost.whole ? { hint: DROPPED } : {}),
    })),
  ];
}

function othersText(lost: OthersLoss, maxDelete: number): string {
  const { table, whole, peers } = lost;
  if (whole) return `drops ${table} of ${listed('other peer', peers)}`;
  return `deletes ${othersLosses([lost], peers, maxDelete)}`;
}

function lossText({ table, before, deleted, added, moved }: Deletion, maxDelete: number): string {
  const gain = added === 0 ? '' : ` and adds ${added}`;
  const text = `deletes ${deleted} of the ${before} rows of ${table}${gain} (\`--max-delete\` is ${maxDelete} %)`;
  return moved === 0 ? text : `${text}; ${moved} of them have equal contents under another key, so they may be renamed`;
}

function ofDates({ futureCommits, futureRows }: IncomingChanges): Finding[] {
  const ahead = (text: string, rows: readonly BlockedRow[]): Finding => ({
    code: 'future-date',
    text,
    acceptedBy: ['future'],
    rows,
  });
  return [
    ...(futureCommits === null
      ? []
      : [
          {
            ...ahead(`sends ${counted(futureCommits.count, 'commit')} dated up to ${futureCommits.latest} UTC`, []),
            hint: KEPT_DATE,
          },
        ]),
    ...futureRows.map(({ table, column, count, rows }) =>
      ahead(`sends ${counted(count, 'row')} of ${table} whose ${column} is more than a day in the future`, rows),
    ),
  ];
}
