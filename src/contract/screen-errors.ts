import { type ErrorCodeEntry, HUMAN, INFORMATION } from './error-entry.ts';

/** What the look at a peer's commits finds before anything is merged: reasons to wait, and things to know. */
export const INCOMING_ERRORS = {
  'peer-brings-code': {
    title: 'The peer brings new or changed triggers, events, procedures or expressions',
    hint: 'Read them in a clone of the peer. If they are wanted, list `triggers`, `events`, `procedures` or `expressions` under `accept` of this peer.',
    ...HUMAN,
  },
  'peer-changes-local-tables': {
    title: 'The peer changes which tables stay local',
    hint: 'Compare `dolt_ignore` and `dolt_nonlocal_tables` with the peer. A table that loses its row there becomes part of your next `dolt commit -A`, and of every push after it. If the change is wanted all the same, list `ignore` under `accept` of this peer.',
    ...HUMAN,
  },
  'schema-ahead': {
    title: 'Our schema is ahead of the peer',
    hint: 'Upgrade beads at the peer, then run again.',
    ...HUMAN,
  },
  'not-comparable': {
    title: 'A table of the peer differs, and no difference can be named',
    hint: 'Have the peer check why the table was made again, for example by a dump that was restored. To take it as it is, list `recreated` under `accept` of this peer.',
    ...HUMAN,
  },
  'peer-steers': {
    title: 'The peer changes rows that say where other programs send data or which credentials they use',
    hint: 'Read these rows in a clone of the peer: bd connects to what they name. If they are wanted, list `peers` under `accept` of this peer.',
    ...HUMAN,
  },
  'mass-deletion': {
    title: 'The peer deletes a large part of a table, or a whole table',
    hint: 'Ask whoever runs the peer. If it was meant, list `deletion` under `accept` of this peer, or raise `max-delete` (percent) for one run.',
    ...HUMAN,
  },
  'future-date': {
    title: 'The peer brings dates that lie more than a day ahead',
    hint: 'Have the clock and the rows corrected at the peer: such a date would win every conflict until it has passed. To take it as it is, list `future` under `accept` of this peer.',
    ...HUMAN,
  },
  'peer-brings-views': {
    title: 'The peer brings, changes or removes views, or removes code',
    hint: 'Nothing needs to be done. A view is a stored query that runs only when somebody reads it.',
    ...INFORMATION,
  },
  'definitions-differ': {
    title: 'The peer changes the definition of tables',
    hint: 'Nothing needs to be done, unless programs here expect the former definition.',
    ...INFORMATION,
  },
  'schema-skew': {
    title: "The two sides' beads databases are at different migrations",
    hint: 'Bring the side with the lower number to the newer version of beads before rows of both are mixed.',
    ...INFORMATION,
  },
  'secret-rows': {
    title: 'Committed rows hold credentials',
    hint: 'Every peer receives the whole history. Move the values out of the database, and replace them where they are used: a row that is deleted stays in the history.',
    ...INFORMATION,
  },
  'tags-restored': {
    title: 'A fetch brought or moved tags, and they were put back',
    hint: 'Nothing needs to be done. If a tag of the peer is wanted here, create it yourself.',
    ...INFORMATION,
  },
  'many-tags': {
    title: 'A peer has so many tags that its fetch was ended after the branch',
    hint: 'Its branch is fetched whole, and its tags are not wanted here. Every fetch from it takes some seconds longer. Ask whoever runs the peer to remove the tags.',
    ...INFORMATION,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
