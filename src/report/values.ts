import type { Attribution, Conflict, PeerResult, Plan, PlannedChanges, RunResult } from '../contract/result.ts';
import type { ReportValues } from '../contract/vocabulary.ts';
import { namesSecret, REDACTED, redact } from '../core/secrets.ts';

/**
 * Reduces a result to what `report-values` allows. `none` shows only each conflicting row's table, its kind, and the
 * commit with the lost version; `keys` adds key, columns, winner and the messages of planned commits; `full` adds the
 * values. The same applies to rows that block a peer. Apparent secrets are never shown.
 */
export function withValues(result: RunResult, level: ReportValues): RunResult {
  return { ...result, peers: result.peers.map((peer) => reducePeer(peer, level)) };
}

function reducePeer(peer: PeerResult, level: ReportValues): PeerResult {
  const { held, plan, attribution, ...rest } = peer;
  return {
    ...rest,
    conflicts: peer.conflicts.map((conflict) => reduceConflict(conflict, level)),
    ...(plan === undefined ? {} : { plan: reducePlan(plan, level) }),
    ...(attribution === undefined ? {} : { attribution: reduceAttribution(attribution, level) }),
    ...(held === undefined || level === 'none' ? {} : { held: held.map((row) => reduceBlockedRow(row, level)) }),
  };
}

/** Who created a row is data of it. */
function reduceAttribution({ sources, ...counts }: Attribution, level: ReportValues): Attribution {
  return level === 'none' || sources === undefined ? counts : { ...counts, sources };
}

/** The message of a commit is a value. */
function reducePlan({ incoming, outgoing, ...rest }: Plan, level: ReportValues): Plan {
  const reduce = (changes: PlannedChanges): PlannedChanges => ({
    ...changes,
    subjects: level === 'none' ? [] : changes.subjects.map(redact),
  });
  return {
    ...rest,
    ...(incoming === undefined ? {} : { incoming: reduce(incoming) }),
    ...(outgoing === undefined ? {} : { outgoing: reduce(outgoing) }),
  };
}

type BlockedRow = NonNullable<PeerResult['held']>[number];

function reduceBlockedRow(row: BlockedRow, level: ReportValues): BlockedRow {
  const value = level === 'full' && row.value !== null ? redact(row.value) : null;
  return { ...row, value };
}

function reduceConflict(conflict: Conflict, level: ReportValues): Conflict {
  const { with: root, otherKey, lost, paths, ...rest } = conflict;
  if (level === 'none') {
    const shown = { key: {}, columns: [], base: null, ours: null, theirs: null, resolution: '' };
    return { ...rest, ...shown, ...(lost === undefined ? {} : { lost: { ...lost, sql: null } }) };
  }
  const side = (cells: Conflict['base']): Conflict['base'] =>
    cells === null || level === 'keys' ? null : withoutSecrets(cells);
  // A statement contains the key, the new key and keys of other rows.
  const isOpen = [conflict.key, otherKey ?? {}, root?.key ?? {}].every(isWithoutSecrets);
  return {
    ...rest,
    key: withoutSecrets(conflict.key),
    base: side(conflict.base),
    ours: side(conflict.ours),
    theirs: side(conflict.theirs),
    ...(paths === undefined ? {} : { paths: paths.map((path) => reducePath(path, level)) }),
    ...(root === undefined ? {} : { with: { ...root, key: withoutSecrets(root.key) } }),
    ...(otherKey === undefined ? {} : { otherKey: withoutSecrets(otherKey) }),
    ...(lost === undefined ? {} : { lost: isOpen ? lost : { ...lost, sql: null } }),
  };
}

function isWithoutSecrets(cells: Conflict['key']): boolean {
  return JSON.stringify(withoutSecrets(cells)) === JSON.stringify(cells);
}

type Path = NonNullable<Conflict['paths']>[number];

function reducePath(path: Path, level: 'keys' | 'full'): Path {
  const value = (text: string | null): string | null => {
    if (level === 'keys' || text === null) return null;
    return [path.column, ...path.path.split(/\W+/)].some(namesSecret) ? REDACTED : redact(text);
  };
  return { ...path, base: value(path.base), ours: value(path.ours), theirs: value(path.theirs) };
}

function withoutSecrets(cells: Conflict['key']): Conflict['key'] {
  return Object.fromEntries(
    Object.entries(cells).map(([name, value]) => {
      if (value === null) return [name, value];
      return [name, namesSecret(name) ? REDACTED : redact(value)];
    }),
  );
}
