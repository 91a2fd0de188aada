import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Configuration, Peer } from '../../config/configuration.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { inPrivateFolder } from '../../core/private-folder.ts';
import type { Credentials } from '../../credentials/credential.ts';
import { ownRepository } from '../../credentials/providers/git.ts';
import { doltEnvironment, preparePrivateRoot } from '../../dolt/environment.ts';
import { run } from '../../dolt/process.ts';
import { textFailure } from '../../dolt/sql/failure.ts';
import { sortInboxes } from '../../sync/inbox.ts';
import { actionsOf } from '../../sync/peer-actions.ts';
import { findInaccessible, ownerFailure } from '../../sync/remotes/file-access.ts';
import { absentForReading, fileRemote } from '../../sync/remotes/file-remote.ts';
import { refuseCheckoutPrograms } from '../../sync/remotes/git-programs.ts';
import type { Context } from '../context.ts';
import type { DatabaseFacts } from '../prepare/database-facts.ts';
import { inboxNotices } from '../prepare/inbox-peers.ts';
import { hasIgnoredTables, liveNotice, withoutLive } from '../prepare/live-notices.ts';
import { tierRefusal } from '../prepare/peer-access.ts';
import { fine, missing, refused, undetermined, warned } from './check.ts';
import { checkCredential } from './credential-check.ts';
import { checkKnownHosts } from './known-hosts-check.ts';
import { isOverSsh } from './machine-check.ts';
import { checkProxy } from './proxy-check.ts';

const UNTRUSTED = 'not checked on an untrusted event';

interface Access {
  readonly credentials: Credentials;
  /** The workflow's own token, for a git peer in its own repository. */
  readonly githubToken: string | undefined;
  readonly dolthubHost: string;
  /** On an event that may not write, nothing is reported about local paths that a pull request chose. */
  readonly untrusted: boolean;
}

/** Checks one peer and its settings. */
export async function checkPeer(peer: Peer, access: Access, context: Context): Promise<readonly DoctorCheck[]> {
  const { credentials, githubToken, dolthubHost } = access;
  const credential = credentials.get(peer.name) ?? ownRepository(peer, context.env, githubToken);
  const isHidden = access.untrusted && peer.endpoint.folder !== null;
  const refusal = tierRefusal(peer);
  return [
    refusal === null ? null : refused({ check: 'tier', peer: peer.name }, refusal),
    access.untrusted
      ? undetermined({ check: 'credentials', peer: peer.name }, UNTRUSTED)
      : checkCredential(context, peer, credential, dolthubHost),
    access.untrusted ? null : checkProxy(peer, context.env),
    isOverSsh(peer) ? await checkKnownHosts(peer, credential, context) : null,
    isHidden ? undetermined({ check: 'folder', peer: peer.name }, UNTRUSTED) : await checkFolder(peer),
    access.untrusted ? null : await checkGitRepository(peer, context),
  ].filter((check) => check !== null);
}

const UNREAD = 'the database was not read, so it is unknown whether a push could empty ignored tables there';

/**
 * Peers that lack `live`, and deliveries that no run merges.
 * @param facts null: the database was not read
 */
export async function checkLive(
  peers: readonly Peer[],
  configuration: Configuration,
  facts: DatabaseFacts | null,
): Promise<readonly DoctorCheck[]> {
  const ignores = await hasIgnoredTables(configuration, async () => facts);
  return [...withoutLive(peers).flatMap((peer) => checkLivePeer(peer, ignores)), ...checkInbox(configuration, facts)];
}

function checkLivePeer(peer: Peer, ignores: boolean | null): readonly DoctorCheck[] {
  const subject = { check: 'live', peer: peer.name } as const;
  if (ignores === null) return [undetermined(subject, UNREAD, liveNotice(peer).hint)];
  return ignores ? [warned(subject, liveNotice(peer))] : [];
}

function checkInbox({ inbox }: Configuration, facts: DatabaseFacts | null): readonly DoctorCheck[] {
  const notices = inboxNotices(sortInboxes(facts?.branches ?? [], inbox.value));
  return notices.map((notice) => warned({ check: 'inbox' }, notice));
}

/** Whether git opens the repository of a `git+file://` peer; null for other peers. */
async function checkGitRepository(peer: Peer, context: Context): Promise<DoctorCheck | null> {
  const { name, endpoint } = peer;
  if (endpoint.kind !== 'git' || !/^(?:git\+)?file:/i.test(endpoint.dolt)) return null;
  const subject = { check: 'folder', peer: name } as const;
  const program = await refuseCheckoutPrograms(peer, context).then(
    () => null,
    (thrown: unknown) => refused(subject, thrown),
  );
  if (program !== null) return program;
  const path = fileURLToPath(endpoint.dolt.replace(/^git\+/i, ''));
  const { userHome, signal, secrets } = context;
  // Others may have put settings of git into the temporary folder of a runner.
  const { exitCode, stderr } = await inPrivateFolder(context, 'git', async (privateDir) => {
    const env = doltEnvironment(context.env, await preparePrivateRoot(privateDir), { privateDir, userHome });
    return await run('git', ['ls-remote', '--quiet', '--', path], { env, cwd: privateDir, signal });
  });
  if (exitCode === 0) return fine(subject, path);
  return refused(subject, textFailure(secrets.redact(stderr.trim())));
}

/** Whether the folder of a peer can be its remote and has the access that its role needs; null for other peers. */
async function checkFolder(peer: Peer): Promise<DoctorCheck | null> {
  const { folder } = peer.endpoint;
  try {
    const found = await fileRemote(peer.endpoint);
    if (folder === null) return null;
    const isThere = found === 'present';
    const touched = isThere ? folder : dirname(folder);
    const closed = isThere ? await findInaccessible(folder, actionsOf('push', peer.role) !== null) : null;
    if (closed !== null && closed.path !== folder) {
      return refused({ check: 'folder', peer: peer.name }, await ownerFailure(closed));
    }
    return judgeFolder(peer, { folder, isThere, isWritable: await isWritable(touched) });
  } catch (thrown) {
    return refused({ check: 'folder', peer: peer.name }, thrown);
  }
}

interface FolderState {
  readonly folder: string;
  readonly isThere: boolean;
  /** Whether this user may write to the folder or, if it does not exist, to its parent. */
  readonly isWritable: boolean;
}

/** The check result for the state of a folder, depending on the role of the peer. */
export function judgeFolder(
  { name, role }: Pick<Peer, 'name' | 'role'>,
  { folder, isThere, isWritable: mayWrite }: FolderState,
): DoctorCheck {
  const subject = { check: 'folder', peer: name } as const;
  const writes = actionsOf('push', role) !== null;
  if (!isThere && !writes) return refused(subject, absentForReading(folder));
  if (writes && !mayWrite) {
    return missing(subject, `this user cannot write to ${folder}`, 'Grant this user write permission.');
  }
  return fine(subject, isThere ? folder : `${folder} does not exist yet; the first push creates it`);
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}
