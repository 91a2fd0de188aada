import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Peer } from '../config/configuration.ts';
import type { ErrorCode } from '../contract/error-codes.ts';
import { HASH_TEXT } from '../contract/hash.ts';
import { Failure, toFailure } from '../core/failure.ts';
import type { ProgressEvent } from '../core/logger.ts';
import { inPrivateFolder } from '../core/private-folder.ts';
import { monotonicMs } from '../core/time.ts';
import { type CloneSource, cloneDatabase } from '../dolt/clone.ts';
import { JOURNAL } from '../dolt/database-files.ts';
import { NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import { checkDatabase } from '../dolt/fsck.ts';
import { openEngines } from '../dolt/server/engines.ts';
import type { EngineContext } from '../dolt/server/server.ts';
import { branchHead } from '../dolt/sql/heads.ts';
import { isAncestor } from '../dolt/sql/history.ts';
import type { Sql } from '../dolt/sql/sql.ts';
import { readTags } from '../dolt/sql/tags.ts';
import { NOWHERE } from '../egress/host-rule.ts';
import { CONNECT_MS, tryConnection } from '../egress/try-connection.ts';
import type { PeerAccess } from '../sync/peer-plan.ts';
import { readWithRetries } from '../sync/read-peer.ts';
import { fileRemote } from '../sync/remotes/file-remote.ts';
import { timeLimit } from '../sync/time-limits.ts';
import { contentsDifference } from './compare-contents.ts';
import { type Contents, type Depth, readContents, type TableRows } from './contents.ts';

/** What a drill needs of a run; the context of a command is one. */
export interface DrillContext extends EngineContext {
  readonly onProgress: (event: ProgressEvent) => void;
}

/** What a drill of one peer proves. */
export interface DrillRequest {
  readonly peer: Pick<Peer, 'name' | 'timeout' | 'endpoint' | 'ref'>;
  /** How the peer is reached, and the URL that Dolt gets. */
  readonly access: PeerAccess & { readonly url: string };
  /** The branch at the peer that must contain the commit. */
  readonly branch: string;
  /** The tag that must name the commit; null: none. */
  readonly tag: string | null;
  /** What our database has at the commit; read with the same depth. */
  readonly expected: Contents;
  readonly depth: Depth;
  /** Dolt executable. */
  readonly dolt: string;
  /** As for a run: the time limit of a remote operation, and how often reading is retried. */
  readonly timeoutMs: number;
  readonly retries: number;
}

/**
 * What a drill found. `proven`: the backup can be restored, and is what our database has · `differs`: it is something
 * else, or damaged; the code is `drill-failed` · `unproven`: it could not be reached, or may not be read.
 */
export type DrillResult =
  | {
      readonly kind: 'proven';
      readonly commit: string;
      /** The head of the branch there, which contains the commit. */
      readonly head: string;
      readonly databaseHash: string;
      /** null: not counted. */
      readonly tables: readonly TableRows[] | null;
      /** Size of the backup: of the table files that a clone consists of. */
      readonly bytes: number;
      readonly durationMs: number;
    }
  | { readonly kind: 'differs'; readonly failure: Failure; readonly durationMs: number }
  | { readonly kind: 'unproven'; readonly failure: Failure; readonly durationMs: number };

/**
 * Restores the backup at a peer as a person would who lost everything else: a fresh clone in a process of its own, with
 * the credentials of this peer only, and compares it with what our database has. The clone is removed afterwards in any
 * case.
 * @throws Failure `interrupted`
 */
export async function drillPeer(context: DrillContext, request: DrillRequest): Promise<DrillResult> {
  const begun = monotonicMs();
  context.onProgress({ peer: request.peer.name, step: 'verifying', detail: 'restoring the backup' });
  const durationMs = () => monotonicMs() - begun;
  try {
    const restored = await inPrivateFolder(context, 'drill', (folder) => restore(context, request, folder));
    return { kind: 'proven', ...restored, durationMs: durationMs() };
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.code === 'interrupted') throw failure;
    const { name } = request.peer;
    const { hint, cause } = failure;
    if (mayBeIntact(failure.code)) {
      const message = `the backup at ${name} could not be read: ${failure.message}`;
      return {
        kind: 'unproven',
        failure: new Failure(failure.code, message, { hint, cause }),
        durationMs: durationMs(),
      };
    }
    const what = failure.code === 'drill-failed' ? 'is not what was backed up' : 'cannot be restored';
    const message = `the backup at ${name} ${what}: ${failure.message}`;
    return { kind: 'differs', failure: new Failure('drill-failed', message, { cause }), durationMs: durationMs() };
  }
}

/** Errors that say nothing about the data at the peer: it was not reached, may not be read, or this machine failed. */
const SAYS_NOTHING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'auth',
  'branch-permission',
  'client-too-old',
  'connect-timeout',
  'contention',
  'disk-full',
  'endpoint-not-allowed',
  'engine-start',
  'file-owner',
  'folder-missing',
  'git-ownership',
  'host-not-allowed',
  'locked',
  'locks-unsupported',
  'network',
  'not-found',
  'program-missing',
  'timeout',
  'too-large',
  'unsupported-endpoint',
  'untrusted-host',
]);

/** Whether the backup may be intact although a drill ended with this error; an unknown error counts against it. */
export function mayBeIntact(code: ErrorCode): boolean {
  return SAYS_NOTHING.has(code);
}

type Restored = Omit<Extract<DrillResult, { kind: 'proven' }>, 'kind' | 'durationMs'>;

async function restore(context: DrillContext, request: DrillRequest, folder: string): Promise<Restored> {
  await reach(context, request);
  const database = join(folder, 'clone');
  await clone(context, request, { database, folder });
  const bytes = await backupBytes(join(database, '.dolt', 'noms'));
  // Another process: the one that cloned has had the chunks in its memory, and had the credentials.
  const engines = openEngines(context, { dolt: request.dolt, database, removeWith: [folder] }, 1);
  try {
    return await engines.use(NO_CREDENTIALS, async (engine) => {
      const limit = timeLimit(request.peer, 'drill', request.timeoutMs);
      const found = await engine.operation(limit, NOWHERE, (sql) => read(sql, request));
      if (request.depth === 'full')
        await engine.runProgram(limit, NOWHERE, (program) => checkDatabase(request.dolt, database, program));
      return { ...found, bytes };
    });
  } finally {
    await engines.close();
  }
}

async function reach(context: DrillContext, { access, peer, retries, timeoutMs }: DrillRequest): Promise<void> {
  const { env, signal } = context;
  if ((await fileRemote(peer.endpoint)) === 'absent')
    throw new Failure('folder-missing', `the folder ${peer.endpoint.folder} does not exist`);
  const { destination } = access;
  if (destination === null) return;
  const milliseconds = Math.min(CONNECT_MS, peer.timeout ?? timeoutMs);
  await readWithRetries(() => tryConnection(destination, { env, signal, milliseconds }), { retries, signal });
}

async function clone(
  context: DrillContext,
  { access, branch, dolt, peer, retries, timeoutMs }: DrillRequest,
  { database, folder }: { readonly database: string; readonly folder: string },
): Promise<void> {
  const { url, user, reach: hosts, engineCredentials } = access;
  const source: CloneSource = { remote: peer.name, url, ref: peer.ref, user, reach: hosts, branch };
  const options = { dolt, database, engineCredentials, removeWith: [folder] };
  const limit = timeLimit(peer, 'clone', timeoutMs);
  const { signal } = context;
  const attempt = () => readWithRetries(() => cloneDatabase(context, options, source, limit), { retries, signal });
  await attempt().catch(async (thrown: unknown) => {
    const { code } = toFailure(thrown);
    if (code === 'interrupted' || mayBeIntact(code)) throw thrown;
    // A push by another writer may replace table files that a clone is about to copy; damage is still there afterwards.
    await attempt();
  });
}

/** @throws Failure `drill-failed` if the clone is not what it should be */
async function read(sql: Sql, request: DrillRequest): Promise<Omit<Restored, 'bytes'>> {
  const { branch, tag, expected, depth } = request;
  const { commit } = expected;
  const head = await branchHead(sql, branch);
  if (head === null) throw differs(`it has no branch ${branch}`);
  if (tag !== null) {
    const tagged = (await readTags(sql)).find(({ name }) => name === tag)?.commit ?? null;
    if (tagged === null) throw differs(`it has no tag ${tag}`);
    if (tagged !== commit) throw differs(`the tag ${tag} is at ${tagged} there, not at ${commit}`);
  }
  if (!(await isAncestor(sql, commit, head)))
    throw differs(`the branch ${branch} is at ${head} there, which does not contain ${commit}`);
  const quick = await readContents(sql, commit, 'head');
  // Rows of another database are not read: what they compute is unknown.
  const wrong = contentsDifference(expected, quick);
  if (wrong !== null) throw differs(wrong);
  await readContents(sql, head, 'head');
  const found = depth === 'head' ? quick : await readContents(sql, commit, depth);
  const difference = contentsDifference(expected, found);
  if (difference !== null) throw differs(difference);
  return { commit, head, databaseHash: found.databaseHash, tables: found.tables };
}

function differs(why: string): Failure {
  return new Failure('drill-failed', why);
}

/** Table files, also archives, and the manifest that names them; the journal of the clone is not part of the backup. */
const OF_THE_BACKUP = new RegExp(`^(?:manifest|${HASH_TEXT}(?:\\.darc)?)$`);

async function backupBytes(noms: string): Promise<number> {
  const names = await readdir(noms, { recursive: true });
  const sizes = await Promise.all(
    names
      .filter((path) => {
        const name = path.split(/[\\/]/).at(-1) ?? '';
        return OF_THE_BACKUP.test(name) && name !== JOURNAL;
      })
      .map(async (path) => (await stat(join(noms, path))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
