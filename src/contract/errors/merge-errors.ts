import { type ErrorCodeEntry, FINAL, HUMAN, INFORMATION, USAGE } from '../error-entry.ts';

/** Findings of the check of a peer's commits before a merge: reasons to block the peer, and information. */
export const INCOMING_ERRORS = {
  'peer-brings-code': {
    title: 'The peer adds or changes triggers, events, procedures or expressions',
    hint: 'Review them in a clone of the peer. If you want them, list `triggers`, `events`, `procedures` or `expressions` in `federation.peers.<peer>.accept`.',
    ...HUMAN,
  },
  'peer-changes-local-tables': {
    title: 'The peer changes which tables stay local',
    hint: 'Compare `dolt_ignore` and `dolt_nonlocal_tables` with the peer. A table that loses its row there becomes part of your next `dolt commit -A`, and of every push after it. If you want the change, list `ignore` in `federation.peers.<peer>.accept`.',
    ...HUMAN,
  },
  'schema-ahead': {
    title: 'The schema of one side is ahead of the other',
    hint: 'Upgrade beads at the peer: it changes tables that a newer version keeps local. Then run again.',
    ...HUMAN,
  },
  'not-comparable': {
    title: 'A table of the peer differs, and Dolt shows no difference',
    hint: 'Ask the peer why the table was created again, for example from a dump. To accept it, list `recreated` in `federation.peers.<peer>.accept`.',
    ...HUMAN,
  },
  'peer-steers': {
    title: 'The peer changes rows that control the destination, the credentials or the lists of other programs',
    hint: 'Review these rows in a clone of the peer: bd connects to the addresses in them, and hides the issues that they name. If you want them, list `peers` in `federation.peers.<peer>.accept`.',
    ...HUMAN,
  },
  'peer-untrusted': {
    title: 'The peer changes rows that its `trust` does not allow',
    hint: 'Ask the operator of the peer. If the change is intended, add the system of the rows to `trust` of this peer. Definitions, and rows of tables without a `source_system` or without a primary key, can only come from peers without `trust`.',
    ...HUMAN,
  },
  'mass-deletion': {
    title: 'The peer deletes a large part of a table, or a whole table',
    hint: 'Ask the operator of the peer. If the deletion is intended, list `deletion` in `federation.peers.<peer>.accept`, or raise `--max-delete` (percent) for one run.',
    ...HUMAN,
  },
  'lossy-merge': {
    title: 'A merge by another tool lacks rows that a side added',
    hint: 'Commit what the merge left uncommitted: run a command of bd that writes, or `dolt add -A` and `dolt commit` in the database. Then run again.',
    ...HUMAN,
  },
  'schema-fork': {
    title: 'The two sides have different migrations under one version',
    hint: 'Two versions of beads changed the schema in different ways. Keep one side, and move the rows of the other one with `bd export` and `bd import`.',
    ...HUMAN,
  },
  'other-project': {
    title: 'A database belongs to another project of beads',
    hint: 'Compare `_project_id` in the table `metadata` of both sides with `project_id` in .beads/metadata.json. If they are one project, choose one of the ids: on the other side write it to both places, commit, then run again. If they are two, remove the peer.',
    ...HUMAN,
  },
  'future-date': {
    title: 'The peer has dates more than a day in the future',
    hint: 'Compare the clocks of this machine and of the peer. If the peer is ahead, correct its clock and these rows: such a date would win every conflict until it has passed. If this machine is behind, correct its clock and run again. To accept it, list `future` in `federation.peers.<peer>.accept`.',
    ...HUMAN,
  },
  'peer-brings-views': {
    title: 'The peer adds, changes or removes views, or removes code',
    hint: 'No action is needed. A view is a stored query that runs only when it is read.',
    ...INFORMATION,
  },
  'definitions-differ': {
    title: 'The peer changes the definition of tables',
    hint: 'No action is needed, unless programs here expect the old definition.',
    ...INFORMATION,
  },
  'schema-skew': {
    title: "The two sides' beads databases are at different migrations",
    hint: 'Upgrade beads on the side with the lower number before you merge rows of both sides.',
    ...INFORMATION,
  },
  'secret-rows': {
    title: 'Committed rows contain credentials',
    hint: 'Every peer receives the whole history. Move the values out of the database and rotate them: a deleted row stays in the history.',
    ...INFORMATION,
  },
  'foreign-branch': {
    title: 'A branch has a name like those that a run makes, but no run on this database made it',
    hint: 'Inspect it with `dolt log <branch>`. Delete or rename it if it is not needed. A killed run of an older version can leave one; `dolt-federation/kept/…` then keeps uncommitted rows.',
    ...INFORMATION,
  },
  'tags-restored': {
    title: 'A fetch created or moved tags, and the run undid that',
    hint: 'No action is needed. If you want a tag of the peer here, create it yourself.',
    ...INFORMATION,
  },
  'many-tags': {
    title: 'A peer has so many tags that its fetch was stopped after the branch',
    hint: 'Its branch is complete, and its tags are not needed. Every fetch from it takes some seconds longer. Ask the operator of the peer to remove the tags.',
    ...INFORMATION,
  },
} as const satisfies Record<string, ErrorCodeEntry>;

/** Errors of resolving conflicts by hand. */
export const RESOLVE_ERRORS = {
  'conflicts-file-unreadable': {
    title: 'The conflicts file cannot be read',
    hint: 'Give `--file` the path of the file that the last sync wrote; its report shows the path.',
    ...USAGE,
  },
  'conflicts-file-invalid': {
    title: 'The conflicts file is invalid',
    hint: 'Correct the line that the message names; write only after `choose:`. If you delete the file, `sync` writes it again.',
    ...USAGE,
  },
  'conflicts-undecided': {
    title: 'Rows in conflict have no choice yet',
    hint: 'Write a choice after each `choose:` that the message names, then run the same command again. Nothing was merged.',
    ...HUMAN,
  },
  'conflicts-stale': {
    title: 'The conflicts file is for other heads',
    hint: 'Run sync again: it writes the file for the current heads and keeps the choices for unchanged rows.',
    ...HUMAN,
  },
  'conflicts-file-unwritten': {
    title: 'The conflicts file could not be written',
    hint: 'Check that the folder that the message names is writable and has free space. The rest of the run is not affected.',
    ...FINAL,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
