import type { Configuration, Peer } from '../../config/configuration.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { branchHead, branchNames } from '../../dolt/sql/heads.ts';
import { rootCommit } from '../../dolt/sql/history.ts';
import type { Sql } from '../../dolt/sql/sql.ts';
import { type Inbox, inboxBranch, MAX_INBOXES, sortInboxes, takeInboxes } from '../../sync/inbox.ts';
import { actionsOf } from '../../sync/peer-actions.ts';
import { newPeerPlan } from '../../sync/peer-plan.ts';
import { newPeerProgress, type PeerProgress } from '../../sync/peer-progress.ts';
import { type SyncRequest, sendsOnly } from '../request.ts';

/** The settings for deliveries to our own database. */
export type InboxSettings = Pick<Configuration, 'inbox' | 'strategy' | 'sovereignty'>;

type InboxRequest = Pick<SyncRequest, 'command' | 'only' | 'onlyRoles'>;

/** Whether a run may merge deliveries although it has no peers. */
export function readsInboxes(request: InboxRequest, { inbox }: Pick<Configuration, 'inbox'>): boolean {
  const isOn = typeof inbox.value === 'boolean' ? inbox.value : inbox.value.length > 0;
  return isOn && !sendsOnly(request) && request.only.length === 0 && request.onlyRoles.length === 0;
}

interface Receiving {
  readonly request: InboxRequest;
  /** Folder of the database. */
  readonly path: string;
  /** The federated branch. */
  readonly branch: string;
  readonly settings: InboxSettings;
  /** The peers that take part, and all configured ones. */
  readonly peers: readonly Peer[];
  readonly configured: readonly Peer[];
}

/**
 * The progress of each inbox branch of our own database that is to be merged. A delivery is treated as its peer would
 * be: with that peer's conflict strategy and `accept`, or with the defaults if no peer has the name.
 */
export async function inboxProgress(
  sql: Sql,
  receiving: Receiving,
): Promise<{ readonly allProgress: readonly PeerProgress[]; readonly notices: readonly Diagnostic[] }> {
  const { request, branch, settings, peers, configured } = receiving;
  if (sendsOnly(request)) return { allProgress: [], notices: [] };
  const branches = (await branchNames(sql)).filter((name) => name !== branch);
  const { merged, unread, malformed } = sortInboxes(branches, settings.inbox.value);
  const asksForAll = request.only.length === 0 && request.onlyRoles.length === 0;
  const chosen = merged.filter(({ sender }) => asksForAll || peers.some(({ name }) => name === sender));
  // With fewer inboxes all are taken, so a usual run need not read the first commit of the history.
  const expected = chosen.length > MAX_INBOXES ? await expectedInboxes(sql, branch, configured) : new Set<string>();
  const { taken, waiting } = takeInboxes(chosen, expected);
  return {
    allProgress: taken.map((inbox) => {
      const peer = configured.find(({ name }) => name === inbox.sender);
      const actions = actionsOf(request.command, 'upstream');
      return newPeerProgress(
        newPeerPlan({
          peer: inboxPeer(inbox, receiving, peer),
          actions,
          branch: inbox.branch,
          inbox: inbox.branch,
        }),
      );
    }),
    notices: [
      ...(asksForAll ? inboxNotices({ unread, malformed }) : []),
      ...(waiting === 0 ? [] : [waitingNotice(waiting)]),
    ],
  };
}

/** The branches that configured peers with this history deliver to. */
async function expectedInboxes(sql: Sql, branch: string, configured: readonly Peer[]): Promise<ReadonlySet<string>> {
  const head = await branchHead(sql, branch);
  if (head === null) return new Set();
  const { hash } = await rootCommit(sql, head);
  return new Set(configured.map(({ name }) => inboxBranch(name, hash)));
}

function waitingNotice(waiting: number): Diagnostic {
  return {
    severity: 'warning',
    code: 'inbox-unread',
    message: `${waiting} more delivery branches wait for a later run: a run merges at most ${MAX_INBOXES} of senders that are not configured as peers`,
    hint: 'Find out who can push to this database, and remove the branches that are not needed.',
  };
}

/** An inbox branch as a read-only peer. */
function inboxPeer({ branch }: Inbox, { path, settings }: Receiving, sender: Peer | undefined): Peer {
  return {
    name: branch,
    endpoint: { written: branch, canonical: branch, dolt: '', kind: 'file', folder: path },
    dataPlace: branch,
    role: 'upstream',
    tier: settings.sovereignty.value,
    branch,
    strategy: sender?.strategy ?? settings.strategy.value,
    accept: sender?.accept ?? [],
    trust: sender?.trust ?? null,
    ref: null,
    user: null,
    live: false,
    aws: null,
    allowedHosts: [],
    timeout: null,
    origin: { layer: 'default' },
  };
}

/** Inbox branches that are not merged, and why. */
export function inboxNotices(left: {
  readonly unread: readonly string[];
  readonly malformed: readonly string[];
}): readonly Diagnostic[] {
  const notice = (message: string, hint: string): Diagnostic => ({
    severity: 'notice',
    code: 'inbox-unread',
    message,
    hint,
  });
  return [
    ...(left.unread.length === 0
      ? []
      : [
          notice(
            `deliveries in ${left.unread.join(', ')} are not merged because \`federation.inbox\` does not list their senders`,
            'To merge them, set `federation.inbox` to true or to a list of the senders.',
          ),
        ]),
    ...(left.malformed.length === 0
      ? []
      : [
          notice(
            `${left.malformed.join(', ')} is not a delivery branch: its name is not inbox/<name>-<8 hexadecimal digits>`,
            'No action is needed. To avoid this notice, give the branch a name outside `inbox/`.',
          ),
        ]),
  ];
}
