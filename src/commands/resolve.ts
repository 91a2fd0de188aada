import { resolve as resolvePath } from 'node:path';
import { BEADS_RULES } from '../beads/database-rules.ts';
import type { ConfigOverrides, Configuration } from '../config/configuration.ts';
import { loadConfiguration, withGuardsOf } from '../config/load.ts';
import { requirePush } from '../config/requirements.ts';
import type { ResolveResult } from '../contract/result.ts';
import type { Accept } from '../contract/vocabulary.ts';
import { warningOnce } from '../core/diagnostic.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { shellWord } from '../core/text.ts';
import type { GivenCredentials } from '../credentials/load.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { type Identity, userIdentity } from '../dolt/identity.ts';
import type { Engines } from '../dolt/server/engines.ts';
import { branchHead } from '../dolt/sql/heads.ts';
import type { Database } from '../dolt/sql/sql.ts';
import type { DoltRequest } from '../install/dolt-request.ts';
import { installDolt } from '../install/install.ts';
import { intendedText, resolvedText } from '../report/text/resolved.ts';
import { askRows } from '../resolve/ask-rows.ts';
import { checkHeads, checkMerges, refuseCopies, trackedHeads } from '../resolve/check-heads.ts';
import { type ConflictsFile, countOpen, type LostRow } from '../resolve/conflicts-file.ts';
import { decidedSoFar, isDecided, requireDecision } from '../resolve/decided.ts';
import { decisionOf } from '../resolve/lost-choices.ts';
import { mergeChosen } from '../resolve/merge-chosen.ts';
import { type RestoredRows, readRestorations, refuseForeignRows, restoreLost } from '../resolve/restore-lost.ts';
import { type Details, readDetails } from '../resolve/row-details.ts';
import {
  isEmptyFile,
  readConflicts,
  readConflictsIfAny,
  rewriteConflicts,
  type StoredConflicts,
} from '../resolve/store-conflicts.ts';
import { advanceBranch } from '../sync/advance.ts';
import { inboxSender, sortInboxes } from '../sync/inbox.ts';
import { ourLosses } from '../sync/incoming/findings.ts';
import type { PeerHead } from '../sync/incoming/losses/shared-commits.ts';
import { massLosses } from '../sync/incoming/rows.ts';
import { mergeLimit } from '../sync/merge/limits.ts';
import { removeScratch } from '../sync/merge/scratch.ts';
import { applyDirtyPolicy, headsThatTouch } from '../sync/merge/uncommitted.ts';
import { checkLeftArrivals } from '../sync/remotes/arrivals.ts';
import { remotesOf } from '../sync/remotes/registration.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { forgetDecided } from './outcome/forget-decided.ts';
import { conflictsFileOf } from './outcome/write-conflicts-file.ts';
import { refuseFrozen } from './prepare/bd/frozen.ts';
import { finishMoves, type LocalDatabase } from './prepare/local-database.ts';
import { requestedConfig, requestedCredentials, requestedDolt } from './prepare/options.ts';
import { findConflicted } from './prepare/resolve-database.ts';

export interface ResolveRequest {
  /** The conflicts file, relative to the working directory; absent: ask. */
  readonly file?: string | undefined;
  /** Take the choices that are in the file of the database, and ask nothing; absent: no. */
  readonly yes?: boolean | undefined;
  /** Percent of a table's rows that a peer may delete at once. */
  readonly maxDelete: number;
  /** How long one check or merge may take, in milliseconds. */
  readonly mergeTimeout: number;
  readonly database?: string | undefined;
  /** For the server that holds the database. */
  readonly credentials?: GivenCredentials | undefined;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

/**
 * Merges the unresolved rows and restores the lost rows, as decided in the conflicts file or in the prompt. The local
 * branch moves once, at the end, or not at all. No peer is contacted; the next sync publishes the result.
 * @throws Failure `bad-usage` without a file and without a prompt, `no-database`, `conflicts-…`, `unknown-peer`,
 * `uncommitted-changes`, `constraint-violation`; then no branch has moved
 */
export async function resolve(request: ResolveRequest, context: Context): Promise<ResolveResult> {
  const configuration = await loadConfiguration(context, request.overrides);
  requirePush(configuration, 'pull');
  const credentials = await requestedCredentials({ ...request, untrusted: false }, context);
  const {
    name: database,
    home,
    conflictsIn,
    open,
  } = await findConflicted(request.database, context, {
    configuration,
    credentials,
  });
  requirePush(await withGuardsOf(home, configuration, context), 'pull');
  const own = conflictsFileOf(conflictsIn);
  const file = request.file === undefined ? own : resolvePath(context.cwd, request.file);
  const asks = request.file === undefined && !request.yes;
  const stored = request.file === undefined ? await readConflictsIfAny(file) : await readConflicts(file);
  if (stored === null || isEmptyFile(stored.conflicts)) {
    const branch = stored?.conflicts.branch ?? null;
    return { ...NOTHING_DONE, status: 'unchanged', database, branch };
  }
  if (asks && context.ask === undefined) {
    throw new Failure('bad-usage', 'resolve can only ask on a terminal, and this is not one', {
      hint: `Write your choices in the file that the last sync wrote, then run \`dolt-federation resolve --file ${shellWord(own)}\`.`,
    });
  }
  const { conflicts } = stored;
  const branchOf = branches(conflicts, configuration);
  const dolt = await installDolt(request.dolt, context);
  await refuseFrozen(home, configuration, context);
  const local = await open(dolt.path, conflicts.branch);
  const { engines } = local;
  // Each check finds some again.
  const warn = warningOnce(context.log);
  warn(local.notices);
  try {
    const trackedAs = async (sql: Database) => {
      const remotes = await remotesOf(sql, local.work, configuration.peers);
      return (peer: string) => {
        const remote = remotes.get(peer);
        return remote === undefined ? null : { remote, branch: branchOf(peer) };
      };
    };
    const check = async (): Promise<void> => {
      const limit = mergeLimit('checking', request.mergeTimeout);
      await checkLeftArrivals(engines, { limit, env: context.env, signal: context.signal });
      await engines.use(NO_CREDENTIALS, async ({ database: sql }) => {
        warn(await finishMoves(local, sql));
        await checkHeads(sql, conflicts, await trackedAs(sql));
      });
    };
    await check();
    const {
      conflicts: chosen,
      digest,
      isConfirmed,
    } = asks
      ? await answered(engines, { file, stored }, { request, context })
      : { ...stored, isConfirmed: isDecided(conflicts) };
    const decided = decidedSoFar(chosen);
    if (asks && !isConfirmed) {
      const undecided = { open: countOpen(chosen), conflictsPath: file };
      return { ...NOTHING_DONE, ...undecided, status: 'stopped', database, branch: chosen.branch, ...decided };
    }
    requireDecision(chosen);
    if (!asks && isConfirmed) context.log.info(intendedText(decided, chosen.branch));
    // A client can have moved the branch while the user decided.
    await local.served?.renew?.(engines);
    await check();
    const headsOf = async (sql: Database) => await trackedHeads(sql, configuration.peers, await trackedAs(sql));
    const author = () => userIdentity(home, context);
    const { head, written } = await apply(local, chosen, { request, configuration, headsOf, author });
    await forgetDecided(chosen, { file, digest, database: conflictsIn }, context);
    const left = chosen.lost.filter((row) => decisionOf(row, chosen.lost) === null);
    const already = decided.restored - written;
    const counts = { ...decided, restored: written, ...(already === 0 ? {} : { alreadyThere: already }) };
    const result = { status: 'success', database, branch: chosen.branch, head, ...counts } as const;
    return left.length === 0 ? { ...result, open: 0 } : { ...result, open: left.length, conflictsPath: file };
  } finally {
    await local.close();
  }
}

interface Resolving {
  readonly request: ResolveRequest;
  readonly configuration: Configuration;
  /** The heads of all peers, as they were fetched last. */
  readonly headsOf: (sql: Database) => Promise<PeerHead[]>;
  /** Who commits the rows that are restored. */
  readonly author: () => Promise<Identity>;
}

const NOTHING_DONE = { head: null, peers: [], rows: 0, restored: 0, dropped: 0, open: 0 };

/** @throws Failure `unknown-peer` */
function branches(conflicts: ConflictsFile, { peers, inbox }: Configuration): (peer: string) => string {
  const known = new Map(peers.map((peer) => [peer.name, peer.branch ?? conflicts.branch]));
  refuseCopies(conflicts, peers);
  for (const { peer, at } of conflicts.merges) {
    if (known.has(peer) || sortInboxes([peer], inbox.value).merged.length > 0) continue;
    const why =
      inboxSender(peer) === null ? 'is not configured' : 'is an inbox that `federation.inbox` does not accept';
    throw new Failure('unknown-peer', `the conflicts file names ${peer}, which ${why}`, { location: at });
  }
  return (peer) => known.get(peer) ?? conflicts.branch;
}

/**
 * Asks for undecided rows and saves every answer in the file, so that the user can stop and continue later. If all are
 * decided, asks whether to go on.
 */
async function answered(
  engines: Engines,
  { file, stored }: { readonly file: string; readonly stored: StoredConflicts },
  { request, context }: { readonly request: ResolveRequest; readonly context: Context },
): Promise<StoredConflicts & { readonly isConfirmed: boolean }> {
  const { conflicts, digest } = stored;
  if (context.ask === undefined) return { ...stored, isConfirmed: false };
  const limit = mergeLimit('reporting', request.mergeTimeout);
  const restored = await engines.use(NO_CREDENTIALS, ({ database, allWithin }) =>
    allWithin(limit, () => readRestorations(database, conflicts.branch, conflicts.lost, BEADS_RULES)),
  );
  const shown = new Map<string, Details>();
  for (const merge of conflicts.merges) {
    const { branch } = conflicts;
    try {
      const details = await engines.use(NO_CREDENTIALS, ({ database, allWithin }) =>
        allWithin(limit, () => readDetails(database, { branch, merges: [merge] })),
      );
      shown.set(merge.peer, details);
    } catch (thrown) {
      // Data that only these details are read from may be damaged. The rows can be decided all the same.
      const { code, message } = toFailure(thrown);
      if (code === 'interrupted') throw thrown;
      const [reason = ''] = message.split('\n');
      context.log.warning(`the whole rows of ${merge.peer}, and who changed them, are not shown: ${reason}`);
    }
  }
  // Other processes can use the database while the user decides.
  await engines.close();
  const asker = context.ask();
  let latest = conflicts;
  let written: string | null = digest;
  let isConfirmed = false;
  try {
    if (countOpen(conflicts) > 0) asker.begin(conflicts);
    const restorationOf = (row: LostRow) => restored.get(row) ?? null;
    const details: Details = (peer, row) => shown.get(peer)?.(peer, row);
    await askRows(conflicts, asker.ask, { details, restorationOf }, async (now) => {
      if (now === latest) return;
      latest = now;
      written = await rewriteConflicts(file, latest, written);
    });
    if (isDecided(latest)) isConfirmed = await asker.confirm(intendedText(decidedSoFar(latest), latest.branch));
  } finally {
    asker.close();
  }
  return { ...(await readConflicts(file)), isConfirmed };
}

/**
 * Makes the merges, restores the lost rows, and moves the branch; first at the server that holds it.
 * @returns the head of the branch, and how many lost rows were written
 */
async function apply(
  { engines, served }: LocalDatabase,
  chosen: ConflictsFile,
  { request, configuration, headsOf, author }: Resolving,
): Promise<RestoredRows> {
  const { maxDelete, mergeTimeout } = request;
  const { branch, merges, lost } = chosen;
  const peerOf = (name: string) => configuration.peers.find((peer) => peer.name === (inboxSender(name) ?? name));
  const acceptedOf = (name: string) => peerOf(name)?.accept ?? [];
  try {
    const { from, restored, dirty } = await engines.use(NO_CREDENTIALS, async ({ database, allWithin }) => {
      const from = await branchHead(database, branch);
      if (from === null) throw new Failure('conflicts-stale', `this database has no branch ${branch}`);
      const dirty = await refuseUncommitted(database, chosen, { configuration, served });
      const heads = await headsOf(database);
      await allWithin(mergeLimit('checking', mergeTimeout), () =>
        checkMerges(database, merges, { maxDelete, heads, branch, database: BEADS_RULES, peerOf }),
      );
      const merged = await allWithin(mergeLimit('merging', mergeTimeout), () =>
        merges.length === 0 ? Promise.resolve(from) : mergeChosen(database, merges, BEADS_RULES),
      );
      await allWithin(mergeLimit('checking', mergeTimeout), () =>
        refuseLosses(database, chosen, { from, to: merged, maxDelete, acceptedOf }),
      );
      await refuseForeignRows(database, merged, lost);
      const restored = await allWithin(mergeLimit('merging', mergeTimeout), () =>
        restoreLost(database, merged, { lost, rules: BEADS_RULES, author }),
      );
      return { from, restored, dirty };
    });
    const { head: to } = restored;
    if (to === from) return restored;
    await served?.moveTo(engines, { from, to }).catch(throwMoved);
    await engines.finish(({ database }) => advanceBranch(database, { branch, from, to, dirty }));
    return restored;
  } finally {
    // The next run removes what a terminated engine leaves.
    await engines.finish(({ database }) => removeScratch(database)).catch(() => undefined);
  }
}

/** Nothing was published yet, so the choices must be made for the new head. */
function throwMoved(thrown: unknown): never {
  if (!(thrown instanceof Failure) || thrown.code !== 'contention') throw thrown;
  throw new Failure('contention', thrown.message, {
    hint: 'Run `dolt-federation sync`, then `dolt-federation resolve`. Choices for unchanged rows are kept.',
    cause: thrown,
  });
}

/**
 * The rows of ours that the merges remove count as in a run, unless a peer that was merged may delete.
 * @throws Failure `mass-deletion`
 */
async function refuseLosses(
  database: Database,
  { merges }: ConflictsFile,
  move: {
    readonly from: string;
    readonly to: string;
    readonly maxDelete: number;
    readonly acceptedOf: (peer: string) => readonly Accept[];
  },
): Promise<void> {
  const { from, to, maxDelete } = move;
  if (from === to || merges.every(({ peer }) => move.acceptedOf(peer).includes('deletion'))) return;
  const losses = await massLosses(database, { from, to }, maxDelete);
  if (losses.length === 0) return;
  throw new Failure('mass-deletion', `these merges remove ${ourLosses(losses, maxDelete)}; no branch was moved`);
}

/**
 * @returns the tables with uncommitted changes
 * @throws Failure `uncommitted-changes` if a merge would have to overwrite them
 */
async function refuseUncommitted(
  database: Database,
  { branch, merges }: ConflictsFile,
  { configuration, served }: Pick<LocalDatabase, 'served'> & { readonly configuration: Configuration },
): Promise<readonly string[]> {
  const policy = configuration.dirty.value;
  const { dirty } = await applyDirtyPolicy(database, { branch, policy, author: null });
  const ours = (await branchHead(database, branch)) ?? '';
  const heads = merges.map(({ theirs }) => theirs);
  const { waiting } = await headsThatTouch({ branch, dirty, served }, { ours }, database, heads);
  for (const { failure } of waiting.values()) throw failure;
  return dirty;
}

export const resolveCommand = defineCommand({
  parse: (raw): ResolveRequest => ({
    file: raw.read('file'),
    yes: raw.read('yes'),
    maxDelete: raw.read('max-delete'),
    mergeTimeout: raw.read('merge-timeout'),
    database: raw.read('database'),
    credentials: raw.credentials,
    overrides: requestedConfig(raw.read),
    dolt: requestedDolt(raw),
  }),
  run: resolve,
  render: (result) => ({ json: result, text: () => resolvedText(result) }),
});
