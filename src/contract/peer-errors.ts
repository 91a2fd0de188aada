import { type ErrorCodeEntry, FINAL, HUMAN, INFORMATION, TRANSIENT } from './error-entry.ts';
import { EXIT } from './exit-codes.ts';

/** Errors of one peer's fetch, merge, push or proof, and of the run itself. */
export const PEER_ERRORS = {
  'uncommitted-changes': {
    title: 'A table that the peer changes has uncommitted changes here',
    hint: 'Look at `dolt diff` first. Commit changes that were made here, or set `federation.dirty: commit`. Changes that only take back earlier commits come from a working set that is behind its branch: discard them with `dolt reset` and `dolt checkout <table>`.',
    ...FINAL,
  },
  conflict: {
    title: 'Both sides changed the same data, and no strategy may settle it',
    hint: 'Choose in the conflicts file that the report names and run `dolt-federation resolve --file`; or settle the rows on one side, or give the peer another `conflict` strategy, then run again.',
    ...HUMAN,
  },
  'id-collision': {
    title: 'Both sides added a row of their own under one key',
    hint: 'The row created first was kept and everything else was merged. The conflicts file has the other row with all that belongs to it, and statements that add them again under another key.',
    ...HUMAN,
  },
  'unique-conflict': {
    title: 'Rows of both sides claim the same unique value',
    hint: 'The earlier claim was kept and the other row has its former value again. Change one of the two rows, then run again.',
    ...HUMAN,
  },
  'schema-conflict': {
    title: 'Both sides changed the same table definition',
    hint: 'Bring the definition of the table to one form on one side, then run again.',
    ...HUMAN,
  },
  'constraint-violation': {
    title: 'The merged rows would break a constraint',
    hint: 'Correct the rows that the message names on one side, then run again.',
    ...HUMAN,
  },
  'dolt-defect': {
    title: 'This Dolt cannot merge such a table',
    hint: 'Settle the rows of the table on one side, then run again; the message says what else helps.',
    ...HUMAN,
  },
  'not-deterministic': {
    title: 'A merge would compute values that differ on every machine',
    hint: 'Run the same ALTER TABLE on the side that lacks the column, commit, and sync again.',
    ...HUMAN,
  },
  protocol: {
    title: 'The peer merges with another merge protocol or another Dolt version',
    hint: 'Use the same versions of dolt-federation and Dolt on all sides. Contents still converge; commit hashes may not.',
    ...INFORMATION,
  },
  'merges-unread': {
    title: 'Merges that other databases made were received and not looked at',
    hint: 'Sync more often. Rows of this database that lost there are in the conflicts files of the databases that merged.',
    ...INFORMATION,
  },
  'renamed-row': {
    title: 'One side gave a row another key, and the other side changed it under the old one',
    hint: 'Both rows are there. Carry the change over to the row with the new key, remove the other one, commit, then run again.',
    ...HUMAN,
  },
  'merge-not-deterministic': {
    title: 'This Dolt cannot fix who commits a merge',
    hint: 'Raise `dolt-version`. The contents of towns still converge, but each makes merge commits of its own.',
    ...FINAL,
  },
  unrelated: {
    title: 'The peer has another history',
    hint: 'One side was initialised again instead of cloned. Decide which history to keep, then name the head of the peer with `adopt` (our branch becomes theirs) or `force-with-lease` (theirs becomes ours), and add the rows that only the other side has.',
    ...HUMAN,
  },
  'history-rewritten': {
    title: 'One side no longer contains a commit that both had',
    hint: 'Nothing was merged or pushed. Take their history with `adopt`, replace it with `force-with-lease`, or merge both with `merge-rewritten`; the message names the heads.',
    ...HUMAN,
  },
  'shallow-clone': {
    title: 'The database was cloned with `--depth` and lacks the commits that are needed',
    hint: 'Clone it again without `--depth`, carry over what only this one has, and run again. Nothing was changed.',
    ...FINAL,
  },
  'non-fast-forward': {
    title: 'The peer moved while we pushed, more often than we try again',
    hint: 'Run again; schedule towns that share a peer at different minutes.',
    ...TRANSIENT,
  },
  'lease-stale': {
    title: 'The peer is not at the head that `force-with-lease`, `adopt` or `merge-rewritten` names',
    hint: 'Commits reached the peer since you looked. Read them first (`dolt-federation status --json` prints the head as `remoteHead`), and name that head only if it is still the right one.',
    ...FINAL,
  },
  'forced-push': {
    title: "A peer's branch was replaced by ours, as `force-with-lease` asked for",
    hint: 'The message names the tag that keeps the old head, and the command that puts it back.',
    retryable: false,
    exit: EXIT.ok,
  },
  'history-adopted': {
    title: "Our branch was replaced by a peer's, as `adopt` asked for",
    hint: 'The message names the tag that keeps the old head, and the command that goes back to it.',
    ...INFORMATION,
  },
  'local-commits': {
    title: 'Our branch has commits that would be lost',
    hint: 'Nothing was changed. Name every one of them with `discard-local` if they may be lost, or carry them over first.',
    ...HUMAN,
  },
  'tag-conflict': {
    title: 'A tag names another commit already',
    hint: 'Look at the commit that the tag names, and delete or rename the tag.',
    ...FINAL,
  },
  unverified: {
    title: 'The push reported success but the peer does not have the commit',
    hint: 'Do not trust this remote until it has been checked; the data is still here.',
    ...FINAL,
  },
  'remote-empty': {
    title: 'The peer holds no data',
    hint: 'Push to it first, or set `init-empty` to true.',
    ...FINAL,
  },
  'remote-corrected': {
    title: 'A remote that dolt-federation added pointed elsewhere than the configuration says',
    hint: 'Nothing needs to be done if the configuration is right: the remote has the new address now.',
    retryable: false,
    exit: EXIT.ok,
  },
  'remote-differs': {
    title: 'The database has a remote of that name with another address',
    hint: 'Nothing needs to be done: the remote was not changed and the peer is used under another name. `--fix-remotes` repoints it.',
    ...INFORMATION,
  },
  'live-unknown': {
    title: 'A push to this server may empty ignored tables of a running database',
    hint: 'Set `live: false` for a plain remote server, or `live: true` for a running database, in the entry of the peer.',
    ...FINAL,
  },
  'inbox-unread': {
    title: 'Inbox branches of the database are not merged',
    hint: 'Set `federation.inbox: true`, or list the names of the senders there, to merge them.',
    ...INFORMATION,
  },
  'branch-missing': {
    title: 'The peer lacks the branch',
    hint: "Push the branch first, or set the peer's `branch`.",
    ...FINAL,
  },
  'folder-missing': {
    title: 'The folder that should hold a file:// remote does not exist',
    hint: 'Mount the disk or create the parent folder; it is not created by us, so that an unmounted disk is noticed.',
    ...FINAL,
  },
  'tier-unsupported': {
    title: 'The tier of this peer cannot be honoured yet',
    hint: 'A peer that may have raw history gets `tier: T1` (and `lower-tier: true` where the federation has a higher one); else remove it until a version that can send less.',
    ...FINAL,
  },
  auth: {
    title: 'The peer refused the credentials',
    hint: 'Check the user, the secret and its permissions at the peer.',
    ...FINAL,
  },
  'untrusted-host': {
    title: "The peer's certificate or host key is not one that we trust",
    hint: 'Check that it is the right host; then give its authority in SSL_CERT_FILE, or its key in `known-hosts`.',
    ...FINAL,
  },
  'host-not-allowed': {
    title: 'The server of a peer named a host that is not one of its own',
    hint: "If the host belongs to the peer, add it to `allowed-hosts` in the peer's entry. Otherwise do not trust the server: it chose where our data was to go.",
    ...FINAL,
  },
  'program-missing': {
    title: 'A program that this kind of remote needs is not there',
    hint: 'Install it and put it on PATH: git for git remotes, ssh for ssh remotes, and dolt on the far side of ssh.',
    ...FINAL,
  },
  'branch-permission': {
    title: 'The user may not write this branch',
    hint: 'Let somebody who may grant it change `dolt_branch_control` there, or name another user or branch.',
    ...FINAL,
  },
  'push-protection': {
    title: 'A rule of the git host refuses the push',
    hint: 'Read what the host says in the message. Allow the ref that holds the data there, or name another with `ref`.',
    ...FINAL,
  },
  'read-only': {
    title: 'The peer only allows reading',
    hint: 'If the peer is meant to be read only, give it the role `upstream`. Otherwise, above all for a backup, restore the right to write there: `upstream` would end its copies.',
    ...FINAL,
  },
  'not-found': {
    title: 'The peer has no such database or repository',
    hint: 'Check the endpoint.',
    ...FINAL,
  },
  'remote-dirty': {
    title: "The peer's server has uncommitted changes",
    hint: "Look before you commit there: `SELECT * FROM dolt_status` names the tables, and `SELECT * FROM dolt_diff('HEAD', 'WORKING', '<table>')` shows their changes. Rows that only take back an earlier push come from a working set that is behind its branch: run `CALL DOLT_RESET()` and, for these tables, `CALL DOLT_CHECKOUT('<table>')`. Commit a table only if its changes were made there. Or set `live: true` on this peer: deliveries to an inbox need no clean working set.",
    ...FINAL,
  },
  locked: {
    title: 'The database is locked by another process',
    hint: 'Wait for it to end, then run again. Never delete a LOCK file.',
    ...TRANSIENT,
  },
  contention: { title: 'Too many writers at the same moment', hint: 'Run again.', ...TRANSIENT },
  network: {
    title: 'The peer could not be reached',
    hint: 'Check the endpoint, the network and the proxy.',
    ...TRANSIENT,
  },
  timeout: {
    title: 'The peer did not finish in time',
    hint: "Raise `timeout`, for all peers or in the peer's entry of the configuration.",
    ...FINAL,
  },
  'too-large': {
    title: 'What the peer brings needs more memory than a run may take',
    hint: 'Nothing of this peer was merged. Look for very large values or very many conflicting rows at the peer, and reduce them there.',
    ...FINAL,
  },
  'repository-empty': {
    title: 'The git repository has no branch yet',
    hint: 'Dolt keeps its data beside a branch: push a first commit, for example a README, to the repository.',
    ...FINAL,
  },
  corrupt: {
    title: 'The data of a database is damaged',
    hint: 'Keep a copy of the damaged folder before anything else: it may hold commits that no backup has. `dolt fsck` says what is damaged. Restore from a backup or clone from a peer into another folder.',
    ...FINAL,
  },
  'client-too-old': {
    title: 'The database was written by a newer Dolt',
    hint: 'Raise `dolt-version`.',
    ...FINAL,
  },
  'unsupported-endpoint': {
    title: 'This Dolt does not know that kind of remote',
    hint: 'Use another form of endpoint or a newer Dolt.',
    ...FINAL,
  },
  interrupted: {
    title: 'The run was interrupted',
    hint: 'Run again: nothing is half done.',
    retryable: false,
    exit: EXIT.interrupted,
  },
  unknown: {
    title: 'An error that is not known yet',
    hint: 'The message holds what Dolt said; please report it.',
    ...FINAL,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
