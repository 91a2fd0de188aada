import type { Conflict, PeerResult, RunResult } from '../contract/result.ts';
import type { ReportValues } from '../contract/vocabulary.ts';
import { namesSecret, REDACTED, redact } from '../core/redact.ts';

/**
 * What of a result may be shown where `report-values` is `level`: `none` leaves each conflicting row's table and what
 * kind of conflict it is, `keys` also its key, columns and winner, `full` the values too. Rows for which a peer waits go
 * by the same rule. What looks like a secret is shown nowhere.
 */
export function withValues(result: RunResult, level: ReportValues): RunResult {
  return { ...result, peers: result.peers.map((peer) => reducePeer(peer, level)) };
}

function reducePeer(peer: PeerResult, level: ReportValues): PeerResult {
  const { held, ...rest } = peer;
  return {
    ...rest,
    conflicts: peer.conflicts.map((conflict) => reduceConflict(conflict, level)),
    ...(held === undefined || level === 'none' ? {} : { held: held.map((row) => reduceHeld(row, level)) }),
  };
}

type Held = NonNullable<PeerResult['held']>[number];

function reduceHeld(row: Held, level: ReportValues): Held {
  const value = level === 'full' && row.value !== null ? redact(row.value) : null;
  return { ...row, value };
}

function reduceConflict({ paths, ...conflict }: Conflict, level: ReportValues): Conflict {
  switch (level) {
    case 'none':
      return { ...conflict, key: {}, columns: [], base: null, ours: null, theirs: null, resolution: '' };
    case 'keys':
      return {
        ...conflict,
        key: withoutSecrets(conflict.key),
        base: null,
        ours: null,
        theirs: null,
        ...(paths === undefined ? {} : { paths: paths.map((path) => reducePath(path, level)) }),
      };
    case 'full': {
      const [base, ours, theirs] = [conflict.base, conflict.ours, conflict.theirs].map((cells) =>
        cells === null ? null : withoutSecrets(cells),
      );
      return {
        ...conflict,
        key: withoutSecrets(conflict.key),
        base: base ?? null,
        ours: ours ?? null,
        theirs: theirs ?? null,
        ...(paths === undefined ? {} : { paths: paths.map((path) => reducePath(path, level)) }),
      };
    }
  }
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
