import { resolve as resolvePath } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import { loadConfiguration, requirePush } from '../config/load.ts';
import type { ResolveResult } from '../contract/result.ts';
import type { Accept } from '../contract/vocabulary.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { counted, plain } from '../core/text.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { type Engines, openEngines } from '../dolt/server/engines.ts';
import { branchHead } from '../dolt/sql/heads.ts';
import type { Database } from '../dolt/sql/sql.ts';
import { installDolt } from '../install/install.ts';
import { askRows } from '../resolve/ask-rows.ts';
import { checkHeads, checkMerges } from '../resolve/check-heads.ts';
import type { ConflictsFile } from '../resolve/conflicts-file.ts';
import { countRows, mergeChosen } from '../resolve/merge-chosen.ts';
import {
  readConflicts,
  readConflictsIfAny,
  rewriteConflicts,
  type StoredConflicts,
} from '../resolve/store-conflicts.ts';
import { advanceBranch, finishAdvances } from '../sync/advance.ts';
import { inboxSender, sortInboxes } from '../sync/inbox.ts';
import { ourLosses } from '../sync/incoming/findings.ts';
import { massLosses } from '../sync/incoming/rows.ts';
import { mergeLimit } from '../sync/merge/limits.ts';
import { removeScratch } from '../sync/merge/scratch.ts';
import { applyDirtyPolicy, headsThatTouch } from '../sync/merge/uncommitted.ts';
import { remotesOf } from '../sync/remotes/registration.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { conflictsFileOf } from './outcome/write-conflicts-file.ts';
import { locateDatabase } from './prepare/locate-database.ts';
import { requestedConfig, requestedDolt } from './prepare/options.ts';
import type { ConfigOverrides, DoltRequest } from './request.ts';

export interface ResolveRequest {
  /** The conflicts file, relative to the working directory; absent: ask. */
  readonly file?: string | undefined;
  /** Percent of a table's rows that a peer may delete at once. */
  readonly maxDelete: number;
  /** How long one check or merge may take, in milliseconds. */
  readonly mergeTimeout: number;
  readonly database?: string | undefined;
  readonly overrides: ConfigOverrides;
  readonly dolt: DoltRequest;
}

/**
 * Merges the unresolved rows as decided in the conflicts file or in the prompt. The local branch moves once, at the
 * end, or not at all. No peer is contacted; the next sync publishes the merge.
 * @throws Failure `bad-usage` without a file and without a prompt, `no-database`, `conflicts-…`, `unknown-peer`,
 * `uncommitted-changes`, `constraint-violation`; then no branch has moved
 */
export async function resolve(request: ResolveRequest, context: Context): Promise<ResolveResult> {
  const configuration = await loadConfiguration(context, request.overrides);
  requirePush(configuration, 'pull');
  const path = await databasePath(request, { configuration, context });
  const own = conflictsFileOf(path);
  const file = request.file === undefined ? own : resolvePath(context.cwd, request.file);
  if (request.file === undefined && context.ask === undefined) {
    throw new Failure('bad-usage', 'resolve can only ask on a terminal, and this is not one', {
      hint: `Write your choices in the file that the last sync wrote, then run \`dolt-federation resolve --file ${own}\`.`,
    });
  }
  const stored = request.file === undefined ? await readConflictsIfAny(file) : await readConflicts(file);
  if (stored === null || stored.conflicts.merges.length === 0) {
    const branch = stored?.conflicts.branch ?? null;
    return { status: 'unchanged', database: path, branch, head: null, peers: [], rows: 0 };
  }
  const { conflicts } = stored;
  const branchOf = branches(conflicts, configuration);
  const dolt = await installDolt(request.dolt, context);
  const engines = openEngines(context, { dolt: dolt.path, database: path }, 2);
  try {
    const check = (): Promise<void> =>
      engines.use(NO_CREDENTIALS, async ({ database }) => {
        const remotes = await remotesOf(database, path, configuration.peers);
        await checkHeads(database, conflicts, (peer) => {
          const remote = remotes.get(peer);
          return remote === undefined ? null : { remote, branch: branchOf(peer) };
        });
      });
    await check();
    // Other processes can use the database while the user decides.
    if (request.file === undefined) await engines.close();
    const { conflicts: chosen, digest } = request.file === undefined ? await answered(file, stored, context) : stored;
    await check();
    const head = await mergeInto(engines, chosen, {
      configuration,
      maxDelete: request.maxDelete,
      mergeTimeout: request.mergeTimeout,
    });
    if (file === own) {
      await rewriteConflicts(own, { ...chosen, merges: [] }, digest).catch((thrown: unknown) => {
        // The merge is done; the next run removes an entry that stays in the file.
        context.log.warning(toFailure(thrown).message);
      });
    }
    const peers = chosen.merges.map(({ peer }) => peer);
    return { status: 'success', database: path, branch: chosen.branch, head, peers, rows: countRows(chosen.merges) };
  } finally {
    await engines.close();
  }
}

async function databasePath(
  request: ResolveRequest,
  known: { readonly configuration: Configuration; readonly context: Context },
): Promise<string> {
  const { configuration, context } = known;
  const found = await locateDatabase({ database: request.database, configuration }, context);
  if (found.kind === 'database') return found.path;
  throw new Failure('no-database', 'no Dolt database was found to resolve conflicts in', {
    hint: 'Give the folder of the database in which sync found the conflicts with `database`.',
  });
}

/** @throws Failure `unknown-peer` */
function branches(conflicts: ConflictsFile, { peers, inbox }: Configuration): (peer: string) => string {
  const known = new Map(peers.map((peer) => [peer.name, peer.branch ?? conflicts.branch]));
  for (const { peer, at } of conflicts.merges) {
    if (known.has(peer) || sortInboxes([peer], inbox.value).merged.length > 0) continue;
    const why =
      inboxSender(peer) === null ? 'is not configured' : 'is an inbox that `federation.inbox` does not accept';
    throw new Failure('unknown-peer', `the conflicts file names ${peer}, which ${why}`, { location: at });
  }
  return (peer) => known.get(peer) ?? conflicts.branch;
}

/** Asks for undecided rows and saves every answer in the file, so that the user can stop and continue later. */
async function answered(file: string, stored: StoredConflicts, { ask }: Context): Promise<StoredConflicts> {
  if (ask === undefined) return stored;
  const asker = ask();
  try {
    const chosen = await askRows(stored.conflicts, asker.ask);
    await rewriteConflicts(file, chosen, stored.digest);
    return await readConflicts(file);
  } finally {
    asker.close();
  }
}

async function mergeInto(
  engines: Engines,
  chosen: ConflictsFile,
  rules: { readonly configuration: Configuration; readonly maxDelete: number; readonly mergeTimeout: number },
): Promise<string> {
  const { peers } = rules.configuration;
  const acceptedOf = (name: string) => peers.find((peer) => peer.name === (inboxSender(name) ?? name))?.accept ?? [];
  return await engines.use(NO_CREDENTIALS, async ({ database, allWithin }) => {
    try {
      await finishAdvances(database);
      const dirty = await refuseUncommitted(database, chosen, rules.configuration);
      await allWithin(mergeLimit('checking', rules.mergeTimeout), () =>
        checkMerges(database, chosen.merges, { ...rules, branch: chosen.branch, acceptedOf }),
      );
      const head = await allWithin(mergeLimit('merging', rules.mergeTimeout), () =>
        mergeChosen(database, chosen.merges),
      );
      const from = chosen.merges[0]?.ours ?? head;
      await allWithin(mergeLimit('checking', rules.mergeTimeout), () =>
        refuseLosses(database, chosen, { from, to: head, maxDelete: rules.maxDelete, acceptedOf }),
      );
      await advanceBranch(database, { branch: chosen.branch, from, to: head, dirty });
      return head;
    } finally {
      // The next run removes what a terminated engine leaves.
      await removeScratch(database).catch(() => undefined);
    }
  });
}

/**
 * What the merges together take from our rows counts as in a run, unless a peer that was merged may delete.
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
  configuration: Configuration,
): Promise<readonly string[]> {
  const policy = configuration.dirty.value;
  const dirty = await applyDirtyPolicy(database, { branch, policy, mayWrite: false });
  const ours = (await branchHead(database, branch)) ?? '';
  const heads = merges.map(({ theirs }) => theirs);
  const { waiting } = await headsThatTouch({ branch, dirty, served: null }, { ours }, database, heads);
  for (const { failure } of waiting.values()) throw failure;
  return dirty;
}

export const resolveCommand = defineCommand({
  parse: (asked): ResolveRequest => ({
    file: asked.read('file'),
    maxDelete: asked.read('max-delete'),
    mergeTimeout: asked.read('merge-timeout'),
    database: asked.read('database'),
    overrides: requestedConfig(asked.read),
    dolt: requestedDolt(asked),
  }),
  run: resolve,
  render: (result) => ({ json: result, text: () => resolvedText(result) }),
});

function resolvedText({ status, branch, head, peers, rows }: ResolveResult): string {
  if (status === 'unchanged') return 'no conflicts to resolve\n';
  const merged = `merged ${peers.map(plain).join(', ')} with ${counted(rows, 'row')} as chosen`;
  return `${merged}: ${plain(branch ?? '')} is at ${head}; run \`dolt-federation sync\` to publish it\n`;
}
