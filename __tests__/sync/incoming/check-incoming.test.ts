import { describe, expect, test } from '@jest/globals';
import { ERRORS } from '../../../src/contract/error-codes.ts';
import { EXIT } from '../../../src/contract/exit-codes.ts';
import { ACCEPTS, ROLES } from '../../../src/contract/vocabulary.ts';
import { listed } from '../../../src/core/text.ts';
import { timeColumns } from '../../../src/dolt/rows/future-dates.ts';
import { checkIncoming } from '../../../src/sync/incoming/check-incoming.ts';
import { isMassDeletion } from '../../../src/sync/incoming/findings.ts';
import { type IncomingChanges, incomingDefinitions } from '../../../src/sync/incoming/incoming-changes.ts';
import { actionsOf, isChecked } from '../../../src/sync/peer-actions.ts';

const NOTHING: IncomingChanges = {
  definitions: [],
  localTables: [],
  lossy: [],
  otherProject: false,
  versions: null,
  dropped: [],
  lostColumns: [],
  deletions: [],
  othersLosses: [],
  futureCommits: null,
  futureRows: [],
  unexplained: [],
  privateTables: [],
  expressions: [],
  steering: [],
  redefined: [],
  collation: false,
  migrations: [],
};
const RULES = { peer: 'partner', accept: [], maxDelete: 50 } as const;
const row = (table: string) => ({ table, key: { id: '1' }, column: null, value: null });

const EVERYTHING: IncomingChanges = {
  ...NOTHING,
  definitions: [
    { kind: 'trigger', name: 't', change: 'new' },
    { kind: 'event', name: 'e', change: 'changed' },
    { kind: 'procedure', name: 'p', change: 'new' },
    { kind: 'oracle', name: 'o', change: 'new' },
    { kind: 'view', name: 'v', change: 'new' },
    { kind: 'trigger', name: 'old', change: 'removed' },
  ],
  localTables: [{ table: 'dolt_ignore', count: 2, rows: [row('dolt_ignore')] }],
  dropped: ['gone'],
  deletions: [{ table: 'items', before: 20, deleted: 11, added: 0, moved: 0, rows: [row('items')], whole: false }],
  futureCommits: { count: 1, latest: '2100-01-01 00:00:00' },
  futureRows: [{ table: 'times', column: 'updated_at', count: 1, rows: [row('times')] }],
};

describe('the accepted changes', () => {
  test('are not needed without problems', () => {
    expect(checkIncoming(NOTHING, RULES)).toEqual({ failure: null, held: [], notices: [] });
  });

  test('are named all together in the hint of a blocked peer, under the first code', () => {
    const { failure, held } = checkIncoming(EVERYTHING, RULES);
    expect(failure?.code).toBe('peer-brings-code');
    expect(failure?.message.split('\n')).toEqual([
      'partner sends 1 trigger (t, new)',
      'partner sends 1 event (e, changed)',
      'partner sends 1 procedure (p, new)',
      'partner sends 1 oracle (o, new)',
      'partner changes 2 rows of dolt_ignore',
      'partner drops 1 table (gone)',
      'partner deletes 11 of the 20 rows of items (`--max-delete` is 50 %)',
      'partner sends 1 commit dated up to 2100-01-01 00:00:00 UTC',
      'partner sends 1 row of times whose updated_at is more than a day in the future',
      'Nothing was merged from or pushed to partner.',
    ]);
    expect(failure?.hint).toContain(
      '`federation.peers.<peer>.accept: [triggers, events, procedures, ignore, deletion, future]`',
    );
    expect(held.map(({ table }) => table)).toEqual(['dolt_ignore', 'items', 'times']);
  });

  test('of a commit date, which stays in the history, have other ways out than those of rows', () => {
    const ofRows = checkIncoming({ ...NOTHING, futureRows: EVERYTHING.futureRows }, RULES).failure?.hint;
    expect(ofRows).toBe(ERRORS['future-date'].hint);
    for (const futureRows of [[], EVERYTHING.futureRows]) {
      const { failure } = checkIncoming({ ...NOTHING, futureCommits: EVERYTHING.futureCommits, futureRows }, RULES);
      expect(failure?.hint).toContain('wait until it is less than 24 hours ahead');
      expect(failure?.hint).toContain('list `future` in `federation.peers.<peer>.accept`');
    }
  });

  test('are merged and reported, and other changes still block', () => {
    const all = checkIncoming(EVERYTHING, { ...RULES, accept: ACCEPTS });
    expect(all).toMatchObject({ failure: null, held: [] });
    expect(all.notices.map(({ code }) => code)).toEqual([
      ...['peer-brings-code', 'peer-brings-code', 'peer-brings-code', 'peer-brings-code'],
      ...['peer-changes-local-tables', 'mass-deletion', 'mass-deletion', 'future-date', 'future-date'],
      'peer-brings-views',
    ]);
    const { failure } = checkIncoming(EVERYTHING, {
      ...RULES,
      accept: ['triggers', 'events', 'ignore', 'deletion', 'future'],
    });
    expect(failure?.message).toMatch(/procedure \(p, new\)\npartner sends 1 oracle/);
    expect(failure?.hint).toBe(ERRORS['peer-brings-code'].hint);
  });

  test('are not needed for views, removed code, new definitions and other migrations, which are only reported', () => {
    const { failure, notices } = checkIncoming(
      {
        ...NOTHING,
        definitions: [
          { kind: 'view', name: 'v', change: 'new' },
          { kind: 'trigger', name: 't', change: 'removed' },
        ],
        redefined: ['issues'],
        migrations: [{ table: 'schema_migrations', ours: '49', theirs: '32' }],
      },
      RULES,
    );
    expect(failure).toBeNull();
    expect(notices).toEqual([
      {
        severity: 'warning',
        code: 'schema-skew',
        message: 'partner is at migration 32 in schema_migrations, but this database is at 49',
      },
      {
        severity: 'notice',
        code: 'peer-brings-views',
        message: 'partner changes 2 definitions (view v, new, trigger t, removed)',
      },
      {
        severity: 'notice',
        code: 'definitions-differ',
        message: 'partner changes the definition of 1 table (issues)',
      },
    ]);
  });

  test('of the primary in federation.remote get a hint about the place of `accept`', () => {
    expect(checkIncoming(EVERYTHING, { ...RULES, peer: 'origin' }).failure?.hint).toContain('`role: primary`');
    expect(checkIncoming(EVERYTHING, RULES).failure?.hint).not.toContain('`role: primary`');
  });

  test('are a decision of a person for every refusal', () => {
    const codes = ['peer-brings-code', 'peer-changes-local-tables', 'mass-deletion', 'future-date'] as const;
    expect(codes.map((code) => ERRORS[code].exit)).toEqual(codes.map(() => EXIT.conflict));
  });
});

test.each([
  [{ before: 20, deleted: 10 }, 50, false],
  [{ before: 20, deleted: 11 }, 50, true],
  [{ before: 19, deleted: 19 }, 0, false],
  [{ before: 20, deleted: 1 }, 0, true],
  [{ before: 1_000, deleted: 1_000 }, 100, false],
  [{ before: 1_000, deleted: 501 }, 50, true],
])('%j with max-delete %i percent is a mass deletion: %s', (deletion, maxDelete, expected) => {
  expect(isMassDeletion({ ...deletion, whole: false }, maxDelete)).toBe(expected);
  expect(isMassDeletion({ ...deletion, whole: true }, maxDelete)).toBe(true);
});

test.each([
  ['not new', ['a1'], ['a1'], ['a1'], []],
  ['new', [], [], ['a1'], ['a new']],
  ['changed', ['a1'], ['a1'], ['a2'], ['a changed']],
  ['removed', ['a1'], ['a1'], [], ['a removed']],
  ['new, and equal to ours', [], ['a1'], ['a1'], []],
  ['changed, and equal to ours', ['a1'], ['a2'], ['a2'], []],
  ['changed, and we removed ours', ['a1'], [], ['a2'], ['a changed']],
  ['removed on both sides', ['a1'], [], [], []],
  ['changed only on our side', ['a1'], ['a2'], ['a1'], []],
])('the change of a definition: %s', (_, base, ours, theirs, expected) => {
  const read = (side: readonly string[]) => side.map((one) => ({ kind: 'trigger', name: one.charAt(0), digest: one }));
  const found = incomingDefinitions({ base: read(base), ours: read(ours), theirs: read(theirs) });
  expect(found.map(({ name, change }) => `${name} ${change}`)).toEqual(expected);
});

test.each([
  [[['updated_at', 'datetime(6)']], ['updated_at']],
  [
    [
      ['modified_at', 'text'],
      ['Updated_At', 'timestamp'],
    ],
    ['modified_at', 'Updated_At'],
  ],
  [[['modified_at', 'varchar(30)']], ['modified_at']],
  [
    [
      ['updated_at', 'bigint'],
      ['modified_at', 'datetime'],
    ],
    ['modified_at'],
  ],
  [[['created_at', 'datetime']], []],
] as const)('the time columns of %j are %j', (columns, expected) => {
  const read = columns.map(([name, type]) => ({ name, type, primary: false, nullable: true }));
  expect(timeColumns(read).map(({ name }) => name)).toEqual(expected);
});

test('peers are checked if they may be merged, and in a status', () => {
  const checked = (command: 'sync' | 'pull' | 'push' | 'status') =>
    ROLES.filter((role) => isChecked({ actions: actionsOf(command, role), peer: { role } }));
  expect(checked('sync')).toEqual(['primary', 'peer', 'upstream']);
  expect(checked('pull')).toEqual(['primary', 'peer', 'upstream']);
  expect(checked('status')).toEqual(['primary', 'peer', 'upstream']);
  expect(checked('push')).toEqual([]);
});

test('a long list is cut, and the rest is counted', () => {
  expect(listed('tag', ['a'])).toBe('1 tag (a)');
  expect(listed('tag', ['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('7 tags (a, b, c, d, e and 2 more)');
});
