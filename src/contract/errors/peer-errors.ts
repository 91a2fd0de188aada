import { type ErrorCodeEntry, FINAL, HUMAN, INFORMATION, TRANSIENT } from '../error-entry.ts';
import { EXIT } from '../exit-codes.ts';

/** Errors of fetching from, merging with, pushing to or verifying one peer, and of the run itself. */
export const PEER_ERRORS = {
  'uncommitted-changes': {
    title: 'A table that the peer changes has uncommitted changes here',
    hint: 'Run `dolt diff` first. Commit changes that were made here, or set `federation.dirty: commit`. Changes that only undo earlier commits come from a working set that is behind its branch: discard them with `dolt reset` and `dolt checkout <table>`.',
    ...FINAL,
  },
  'ignore-ambiguous': {
    title: 'Two patterns of `dolt_ignore` disagree about a table',
    hint: 'Find the patterns with `SELECT * FROM dolt_ignore`. Remove one of them, or add the whole name of the table as a pattern: the most specific pattern decides. Then run again.',
    ...FINAL,
  },
  conflict: {
    title: 'Both sides changed the same data, and no strategy can resolve it',
    hint: 'Run `dolt-federation resolve` in a terminal: it shows both versions of each row and merges as you decide. Or write your choices in the conflicts file that the report names.',
    ...HUMAN,
  },
  'id-collision': {
    title: 'Each side added a different row with the same key',
    hint: 'The row created first was kept and everything else was merged. Run `dolt-federation resolve` to give the other row a new key, with the rows that depend on it, or to drop it.',
    ...HUMAN,
  },
  'unique-conflict': {
    title: 'Rows of both sides claim the same unique value',
    hint: 'The earlier claim was kept, and the other row has its old value again. Run `dolt-federation resolve` to give it a new value or to leave it unchanged.',
    ...HUMAN,
  },
  'schema-conflict': {
    title: 'The definitions of a table on both sides cannot be merged',
    hint: 'Change the definition on one side so that both are equal, then run again.',
    ...HUMAN,
  },
  'constraint-violation': {
    title: 'The merged rows would break a constraint',
    hint: 'Correct the rows that the message names on one side, then run again.',
    ...HUMAN,
  },
  'dolt-defect': {
    title: 'This Dolt cannot merge this kind of table',
    hint: 'Make the rows of the table equal on one side, then run again. The message names other fixes.',
    ...HUMAN,
  },
  'not-deterministic': {
    title: 'A merge would compute values that differ on every machine',
    hint: 'Run the same ALTER TABLE on the side without the column, commit, and sync again.',
    ...HUMAN,
  },
  protocol: {
    title: 'The peer uses another merge protocol or another Dolt version',
    hint: 'Use the same versions of dolt-federation and Dolt on all sides. Contents still converge, but commit hashes may differ.',
    ...INFORMATION,
  },
  'merges-unread': {
    title: 'Some merges of other databases were received but not checked',
    hint: 'Sync more often. If rows of this database lost in them, the conflicts files of those databases list the rows.',
    ...INFORMATION,
  },
  stamped: {
    title: 'New rows got the name of this database as their source',
    hint: 'No action is needed: `federation.attribution` is `stamp`.',
    ...INFORMATION,
  },
  'not-stamped': {
    title: 'New rows did not get the name of this database as their source',
    hint: 'If a peer was never read, let a run read every peer before it pushes. Otherwise fix the cause that the message names. Rows that are pushed without a name never get one.',
    ...INFORMATION,
  },
  'merged-elsewhere': {
    title: 'Another database resolved rows that `manual` leaves to a person here',
    hint: 'Compare the rows that the report lists. To take one back, change it and commit: the next `sync` publishes it. To be asked about all of them, set `conflict.strategy: manual` in every database of the federation.',
    ...INFORMATION,
  },
  'renamed-row': {
    title: 'One side gave a row another key, and the other side changed the row under the old key',
    hint: 'Both rows were kept. Copy the change to the row with the new key, remove the other row, commit, then run again.',
    ...HUMAN,
  },
  'merge-not-deterministic': {
    title: 'This Dolt cannot set the committer of a merge',
    hint: 'Raise `--dolt-version`. The contents of databases still converge, but each database makes its own merge commits.',
    ...FINAL,
  },
  unrelated: {
    title: 'The peer has an unrelated history',
    hint: 'One side was initialised again instead of cloned. Decide which history to keep. Then name the head of the peer with `--adopt` (our branch becomes theirs) or `--force-with-lease` (theirs becomes ours). Add the rows that only the other side has.',
    ...HUMAN,
  },
  'history-rewritten': {
    title: 'One side no longer contains a commit that both had',
    hint: 'Nothing was merged or pushed. Take their history with `--adopt`, replace it with `--force-with-lease`, or merge both with `--merge-rewritten`; the message names the heads. `dolt-federation help rewritten-histories` compares the three.',
    ...HUMAN,
  },
  'shallow-clone': {
    title: 'The database was cloned with `--depth` and lacks commits that the run needs',
    hint: 'Nothing was changed. Clone it again without `--depth`, copy the rows that only this clone has, and run again.',
    ...FINAL,
  },
  'non-fast-forward': {
    title: 'The peer moved during every attempt to push',
    hint: 'Run again. Schedule databases that share a peer at different minutes.',
    ...TRANSIENT,
  },
  'lease-stale': {
    title: 'The peer is not at the head that `--force-with-lease`, `--adopt` or `--merge-rewritten` names',
    hint: 'The peer received commits after you read its head. Read them first (`dolt-federation status --json` prints the head as `remoteHead`), and name the new head only if it is still the right one.',
    ...FINAL,
  },
  'forced-push': {
    title: "Our branch replaced a peer's branch, as `--force-with-lease` requested",
    hint: 'The message names the tag that keeps the old head, and the command that restores it.',
    retryable: false,
    exit: EXIT.ok,
  },
  'history-adopted': {
    title: "A peer's branch replaced ours, as `--adopt` requested",
    hint: 'The message names the tag that keeps the old head, and the command that restores it.',
    ...INFORMATION,
  },
  'local-commits': {
    title: 'Our branch has commits that would be lost',
    hint: 'Nothing was changed. Copy the commits to the branch of the peer first, or name every one of them with `--discard-local` to discard them.',
    ...HUMAN,
  },
  'tag-conflict': {
    title: 'A tag already names another commit',
    hint: 'Check the commit that the tag names, then delete or rename the tag.',
    ...FINAL,
  },
  'tag-not-ours': {
    title: 'The tag names a commit that our branch does not contain',
    hint: 'Get the commit first with `dolt-federation sync`, or give the branch that contains it with `--branch`.',
    ...FINAL,
  },
  'drill-unproven': {
    title: 'Nothing is proven about a backup',
    hint: 'The push was verified. Give the peer credentials that may read, and make sure that it serves what was pushed.',
    ...TRANSIENT,
  },
  'too-few-copies': {
    title: 'Fewer peers than `--require-copies` says have the proven commit',
    hint: 'Correct the errors of the other peers, then run again. Peers that have the commit stay as they are.',
    ...FINAL,
  },
  stale: {
    title: 'The peer has lacked a commit of ours, or was not verified, for longer than `--stale-after`',
    hint: 'Find out why runs cannot read the peer or push to it, or why it does not merge its inbox. Raise `--stale-after` if the peer may be this far behind.',
    ...FINAL,
  },
  unverified: {
    title: 'The push reported success but the peer does not have the commit',
    hint: 'The data is still in this database. Do not trust the remote until you have checked it.',
    ...FINAL,
  },
  'drill-failed': {
    title: 'A backup cannot be restored, or is not what was backed up',
    hint: 'Do not rely on this backup. Copy its data first, then make a new one in another place, and find out who or what changed this one.',
    ...FINAL,
  },
  'missing-table-file': {
    title: 'A remote lacks a table file that its manifest names',
    hint: 'Do not rely on this remote: its data cannot be read without the file. If this database has everything that was there, empty the remote and run again, which uploads everything. In a git repository, delete the ref of the data: `refs/dolt/data`, unless `federation.peers.<peer>.ref` names another.',
    ...FINAL,
  },
  'remote-empty': {
    title: 'The peer has no data',
    hint: 'Push to it first, or remove `--no-init-empty`.',
    ...FINAL,
  },
  'remote-corrected': {
    title: 'A remote that dolt-federation added had another address than the configuration',
    hint: 'No action is needed if the configuration is right: the remote now has the configured address.',
    retryable: false,
    exit: EXIT.ok,
  },
  'remote-differs': {
    title: 'The database has a remote with that name but another address',
    hint: 'No action is needed: the remote was not changed, and the peer uses another remote name. `--fix-remotes` corrects the remote. Later runs do not report it again; `dolt-federation status` does.',
    ...INFORMATION,
  },
  'live-unknown': {
    title: 'A push to this server may empty ignored tables of a running database',
    hint: 'Set `federation.peers.<peer>.live: false` for a plain remote server, or `true` for a running database.',
    ...FINAL,
  },
  'inbox-unread': {
    title: 'Inbox branches of the database are not merged',
    hint: 'Set `federation.inbox: true`, or set it to a list of the senders to merge.',
    ...INFORMATION,
  },
  'branch-missing': {
    title: 'The peer does not have the branch',
    hint: 'Correct `federation.peers.<peer>.branch`, or push the branch there first. A peer that is also written gets the branch with a warning.',
    ...FINAL,
  },
  'folder-missing': {
    title: 'The folder of a file:// remote does not exist',
    hint: 'Mount the disk or create the parent folder. dolt-federation does not create it, because an unmounted disk would go unnoticed.',
    ...FINAL,
  },
  'tier-unsupported': {
    title: 'This version does not support the tier of this peer',
    hint: 'If the peer may receive the full history, set `federation.peers.<peer>.tier: T1` (and `lower-tier: true` beside it if the federation has a higher tier). Otherwise remove the peer until a version supports its tier.',
    ...FINAL,
  },
  auth: {
    title: 'The peer refused the credentials',
    hint: 'Check the user, the secret and its permissions at the peer.',
    ...FINAL,
  },
  'untrusted-host': {
    title: "The peer's certificate or host key is not trusted",
    hint: 'Check that it is the right host. Then add its key to `known-hosts`, or its certificate authority to SSL_CERT_FILE. If the job sets GIT_SSL_CAINFO, git reads that file instead; AWS clients read AWS_CA_BUNDLE.',
    ...FINAL,
  },
  'host-not-allowed': {
    title: 'The server of a peer named a host that does not belong to the peer',
    hint: 'If the host belongs to the peer, add it to `federation.peers.<peer>.allowed-hosts`. Otherwise do not trust the server: it tried to send our data elsewhere.',
    ...FINAL,
  },
  'program-missing': {
    title: 'A program that this kind of remote needs is not installed, or cannot be executed',
    hint: 'Install it, put it on PATH, and make it executable for this user: git for git remotes, ssh for ssh remotes, and dolt on the far side of ssh.',
    ...FINAL,
  },
  'ssh-unusable': {
    title: 'ssh does not start for the current user',
    hint: 'No host was contacted. If no user exists for the uid, add it to `/etc/passwd` of the machine or container, or run as a user that is there. Check `options: --user` of a job container, or `docker run --user`. Otherwise correct the ssh settings that the message names.',
    ...FINAL,
  },
  'branch-permission': {
    title: 'The user may not write this branch',
    hint: 'Ask an administrator of the server to change `dolt_branch_control`, or configure another user or branch.',
    ...FINAL,
  },
  'push-protection': {
    title: 'A rule of the git host refuses the push',
    hint: 'Read the answer of the host in the message. Allow the ref of the data there, or set another ref with `federation.peers.<peer>.ref`.',
    ...FINAL,
  },
  'read-only': {
    title: 'The peer is read-only',
    hint: 'If the peer is read-only on purpose, set `federation.peers.<peer>.role: upstream`. Otherwise restore the permission to write there. A backup with the role `upstream` would receive no more data.',
    ...FINAL,
  },
  'not-found': {
    title: 'The peer has no such database or repository',
    hint: 'Check the endpoint.',
    ...FINAL,
  },
  'remote-dirty': {
    title: "The peer's server has uncommitted changes",
    hint: "Check the changes before you commit there: `SELECT * FROM dolt_status` names the tables, and `SELECT * FROM dolt_diff('HEAD', 'WORKING', '<table>')` shows their changes. Rows that only undo an earlier push come from a working set that is behind its branch: run `CALL DOLT_RESET()` and, for these tables, `CALL DOLT_CHECKOUT('<table>')`. Commit a table only if its changes were made there. Or set `federation.peers.<peer>.live: true`: a delivery to an inbox does not need a clean working set.",
    ...FINAL,
  },
  locked: {
    title: 'The database is locked by another process',
    hint: 'Wait until that process ends, then run again. Never delete a LOCK file.',
    ...TRANSIENT,
  },
  contention: { title: 'Too many writers at the same moment', hint: 'Run again.', ...TRANSIENT },
  network: {
    title: 'The peer could not be reached',
    hint: 'Check the endpoint, the network and the proxy.',
    ...TRANSIENT,
  },
  'connect-timeout': {
    title: 'The peer did not answer',
    hint: 'Check the endpoint, and whether a firewall drops the connection.',
    ...TRANSIENT,
  },
  'late-answer': {
    title: 'The peer answered after the others and was synchronized in a second round',
    hint: 'Raise `--fetch-wait` if the peer usually needs longer, so that one round is enough.',
    ...INFORMATION,
  },
  timeout: {
    title: 'The peer did not finish in time',
    hint: 'Raise `--timeout`, or `federation.peers.<peer>.timeout` for this peer only.',
    ...FINAL,
  },
  'too-large': {
    title: 'The changes of the peer need more memory than a run may use',
    hint: 'Nothing was merged from this peer. Find very large values, very many conflicting rows or very many git refs at the peer, and reduce them there.',
    ...FINAL,
  },
  'repository-empty': {
    title: 'The git repository has no branch yet',
    hint: 'Push a first commit, for example a README, to the repository: Dolt needs an existing branch. If it has one, check the endpoint: a web page instead of a repository looks empty too.',
    ...FINAL,
  },
  corrupt: {
    title: 'The data of a database is damaged',
    hint: 'Copy the damaged folder first: it may contain commits that no backup has. `dolt fsck` shows the damage. Restore a backup, or clone from a peer into another folder.',
    ...FINAL,
  },
  'client-too-old': {
    title: 'The database was written by a newer Dolt',
    hint: 'Raise `--dolt-version`.',
    ...FINAL,
  },
  'unsupported-endpoint': {
    title: 'This Dolt does not support that kind of remote',
    hint: 'Use another form of endpoint or a newer Dolt.',
    ...FINAL,
  },
  interrupted: {
    title: 'The run was interrupted',
    hint: 'Run it again: the next run completes or reverts what this one began.',
    retryable: false,
    exit: EXIT.interrupted,
  },
  unknown: {
    title: 'An error that dolt-federation does not know',
    hint: 'Please report it, with the message and the version of Dolt.',
    ...FINAL,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
