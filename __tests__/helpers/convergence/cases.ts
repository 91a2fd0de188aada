import type { Topology } from '../../../bench/topology.ts';
import { fc } from '../property.ts';
import { TABLE_NAMES, type TableName } from './edits.ts';

/** The planned edit of a writer; its row depends on the rows that the database has at that moment. */
export interface PlannedChange {
  readonly kind: 'insert' | 'update' | 'delete';
  readonly table: TableName;
  /** A row number, counted on past the last row to the first. */
  readonly row: number;
  /** Which of the two columns that have a meaning an update writes. */
  readonly columns: 'first' | 'second' | 'both';
  /** Writes NULL where that is allowed. */
  readonly nothing: boolean;
}

export interface PlannedEdit {
  readonly local: number;
  /** The round before whose run the database makes it. */
  readonly round: number;
  /** Seconds: how late the database's clock is. */
  readonly clock: number;
  readonly changes: readonly PlannedChange[];
}

/** A random federation and its random edits. */
export interface Case {
  readonly topology: Topology;
  /** Whether databases may push to the mailboxes of their peers, or only to their own. */
  readonly mailboxes: 'writable' | 'read-only';
  readonly databases: number;
  /** Draws the random topology and the order of the databases in each round. */
  readonly chance: number;
  /** Synchronized clocks give a commit a later time than all its ancestors; others give any time. */
  readonly clocks: 'in step' | 'any';
  readonly edits: readonly PlannedEdit[];
}

/** Records that print as they would be written. */
const PLAIN = { noNullPrototype: true };

const change: fc.Arbitrary<PlannedChange> = fc.record(
  {
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constant('update' as const) },
      { weight: 2, arbitrary: fc.constant('insert' as const) },
      { weight: 1, arbitrary: fc.constant('delete' as const) },
    ),
    table: fc.constantFrom(...TABLE_NAMES),
    row: fc.nat(3),
    columns: fc.constantFrom('first', 'second', 'both'),
    nothing: fc.boolean(),
  },
  PLAIN,
);

const edit: fc.Arbitrary<PlannedEdit> = fc.record(
  {
    local: fc.nat(5),
    round: fc.nat(1),
    clock: fc.nat(4),
    changes: fc.array(change, { minLength: 1, maxLength: 3 }),
  },
  PLAIN,
);

/** Cases of 3 to 6 databases of one topology. */
export function cases(of: Pick<Case, 'topology' | 'mailboxes'>): fc.Arbitrary<Case> {
  return fc.record(
    {
      topology: fc.constant(of.topology),
      mailboxes: fc.constant(of.mailboxes),
      databases: fc.integer({ min: 3, max: 6 }),
      chance: fc.nat(1_000_000),
      clocks: fc.constantFrom('in step', 'any'),
      edits: fc.array(edit, { minLength: 4, maxLength: 14 }),
    },
    PLAIN,
  );
}
