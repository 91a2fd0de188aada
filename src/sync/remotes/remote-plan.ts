import { quoteEndpoint } from '../../config/endpoint/text.ts';
import { Failure } from '../../core/failure.ts';
import { shellWord } from '../../core/text.ts';
import { canonicalAddress } from '../../dolt/remote-address.ts';
import type { Remote } from '../../dolt/sql/remotes.ts';
import type { RemoteRecord, RemoteRecords } from './remote-records.ts';

/** The location of a peer. `address` is the same for all spellings of the URL. */
export interface PeerRemote {
  readonly peer: string;
  readonly url: string;
  readonly ref: string | null;
  readonly address: string;
}

/** The remotes of the database before a run. */
export interface KnownRemotes {
  readonly remotes: readonly (Remote & { readonly address: string })[];
  readonly backups: readonly { readonly name: string; readonly address: string }[];
  readonly records: RemoteRecords;
  /** The names of all configured peers. */
  readonly peers: readonly string[];
}

/**
 * `keep`: remotes stay in the database · `run`: they are removed after the run · `read`: the run changes nothing, so it
 * uses temporary remotes.
 */
export type Registering = 'keep' | 'run' | 'read';

/**
 * Which remote a run uses for a peer: `use`, an existing one · `add`, a new one · `repoint`, an existing one gets
 * another address.
 */
export interface RemotePlan {
  readonly kind: 'use' | 'add' | 'repoint';
  /** The name of the remote. */
  readonly remote: string;
  /** Whether an added remote stays after the run. */
  readonly lasting: boolean;
  /** The remote with the peer's name and another address: unchanged, or the one that is repointed. */
  readonly other: Remote | null;
}

const TEMPORARY_PREFIX = 'dolt-federation-look-';
const PREFIX = 'dolt-federation-';

/**
 * Chooses the remote name of a peer. A remote that dolt-federation did not add is changed only if `fix` requests it;
 * otherwise the peer gets another name.
 * @throws Failure `backup-address`; `config-invalid` if another peer has the name that this one needs
 */
export function planRemote(
  wanted: PeerRemote,
  known: KnownRemotes,
  options: { readonly registering: Registering; readonly fix: boolean },
): RemotePlan {
  refuseBackup(wanted, known.backups);
  const plan = lastingPlan(wanted, known, options);
  if (options.registering !== 'read') return plan;
  const remote = firstFree(`${TEMPORARY_PREFIX}${wanted.peer}`, known);
  return { kind: 'add', remote, lasting: false, other: plan.kind === 'repoint' ? null : plan.other };
}

function lastingPlan(
  wanted: PeerRemote,
  known: KnownRemotes,
  { registering, fix }: { readonly registering: Registering; readonly fix: boolean },
): RemotePlan {
  const { peer } = wanted;
  const named = known.remotes.find(({ name }) => name === peer);
  const other = named === undefined || isSame(named, wanted) || isOfAnotherRun(named, known) ? null : named;
  if (other !== null) refuseNameOfPeer(peer, wanted, known);
  if (other !== null && fix) return { kind: 'repoint', remote: peer, lasting: true, other };
  for (let n = 0; ; n += 1) {
    const remote = n === 0 ? peer : numbered(`${PREFIX}${peer}`, n);
    const present = known.remotes.find(({ name }) => name === remote);
    if (present === undefined) {
      refuseNameOfPeer(remote, wanted, known);
      return { kind: 'add', remote, lasting: registering === 'keep', other };
    }
    // Used temporarily; tracking refs of other programs (beads reads those of `origin`) do not change.
    const isUsable = registering === 'keep' ? !isOfAnotherRun(present, known) : isOurs(present, known);
    if (isUsable && isSame(present, wanted)) return { kind: 'use', remote, lasting: true, other };
    if (!isSame(present, wanted) && isOursFor(peer, present, known)) {
      return { kind: 'repoint', remote, lasting: true, other: present };
    }
  }
}

function isSame(remote: Remote & { readonly address: string }, wanted: PeerRemote): boolean {
  return remote.address === wanted.address && remote.ref === wanted.ref;
}

/** Whether dolt-federation added a remote permanently, and it is unchanged since. */
function isOurs(remote: Remote, { records }: Pick<KnownRemotes, 'records'>): boolean {
  const record = records.get(remote.name);
  return record !== undefined && record.run === null && isRecorded(remote, record);
}

function isOursFor(peer: string, remote: Remote, known: KnownRemotes): boolean {
  return isOurs(remote, known) && known.records.get(remote.name)?.peer === peer;
}

/** Whether a run that is still active added a remote temporarily. */
function isOfAnotherRun(remote: Remote, { records }: KnownRemotes): boolean {
  const record = records.get(remote.name);
  return record !== undefined && record.run !== null && isRecorded(remote, record);
}

/** Whether a remote is still the recorded one: its name may have another address since. */
export function isRecorded(remote: Remote, record: RemoteRecord): boolean {
  return record.ref === remote.ref && canonicalAddress(record.url) === canonicalAddress(remote.url);
}

/**
 * Dolt 2.3.0 refuses such a remote, and `dolt backup sync` would overwrite whatever a peer's address holds.
 * @throws Failure `backup-address`
 */
export function refuseBackup(
  { peer, address, url }: Pick<PeerRemote, 'peer' | 'address' | 'url'>,
  backups: KnownRemotes['backups'],
): void {
  const backup = backups.find((one) => one.address === address);
  if (backup === undefined) return;
  throw new Failure(
    'backup-address',
    `the database uses ${quoteEndpoint(url)} of the peer ${peer} for its Dolt backup ${quoteEndpoint(backup.name)}`,
    {
      hint: `Give the peer a folder or path of its own, or remove the backup with \`dolt backup remove ${shellWord(backup.name)}\`.`,
    },
  );
}

/** The only collision that another name cannot solve: two configured peers need the same remote. */
function refuseNameOfPeer(remote: string, { peer }: PeerRemote, { peers, records }: KnownRemotes): void {
  const user = remote === peer ? records.get(remote)?.peer : remote;
  if (user === undefined || user === peer || !peers.includes(user)) return;
  throw new Failure('config-invalid', `the peers ${peer} and ${user} both need the remote ${remote} of the database`, {
    hint: 'Rename one of the two peers.',
  });
}

function firstFree(wished: string, { remotes }: KnownRemotes): string {
  for (let n = 1; ; n += 1) {
    const name = numbered(wished, n);
    if (!remotes.some((remote) => remote.name === name)) return name;
  }
}

function numbered(name: string, n: number): string {
  return n === 1 ? name : `${name}-${n}`;
}
