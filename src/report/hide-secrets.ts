import type { DoctorResult } from '../contract/doctor-result.ts';
import type { Conflict, PeerResult, RunResult } from '../contract/result.ts';

/** A text without the secrets of this run. */
export type Hide = (text: string) => string;

/** A run's result, where a peer that repeats the secret that it was shown is not repeated in turn. */
export function hideInRun(result: RunResult, hide: Hide): RunResult {
  return {
    ...result,
    peers: result.peers.map((peer) => hideInPeer(peer, hide)),
    problems: result.problems.map((problem) => hideInWords(problem, hide)),
  };
}

/** The same for what `doctor` found. */
export function hideInDoctor(result: DoctorResult, hide: Hide): DoctorResult {
  const checks = result.checks.map(({ message, cure, ...check }) => ({
    ...check,
    message: hide(message),
    cure: cure === null ? null : hide(cure),
  }));
  return { ...result, checks };
}

/** What happened and what to do about it; codes and names are this project's and the user's own. */
function hideInWords<T extends { readonly message: string; readonly hint: string }>(told: T, hide: Hide): T {
  return { ...told, message: hide(told.message), hint: hide(told.hint) };
}

/** Names of tables and columns are the peer's own words as well. */
function hideInPeer({ held, ...peer }: PeerResult, hide: Hide): PeerResult {
  const value = (text: string | null): string | null => (text === null ? null : hide(text));
  const cells = (row: Conflict['key']): Conflict['key'] =>
    Object.fromEntries(Object.entries(row).map(([column, text]) => [hide(column), value(text)]));
  const side = (row: Conflict['base']): Conflict['base'] => (row === null ? null : cells(row));
  return {
    ...peer,
    error: peer.error === null ? null : hideInWords(peer.error, hide),
    conflicts: peer.conflicts.map((conflict) => ({
      ...conflict,
      table: hide(conflict.table),
      key: cells(conflict.key),
      columns: conflict.columns.map(hide),
      base: side(conflict.base),
      ours: side(conflict.ours),
      theirs: side(conflict.theirs),
      resolution: hide(conflict.resolution),
      ...(conflict.paths === undefined
        ? {}
        : {
            paths: conflict.paths.map((path) => ({
              column: hide(path.column),
              path: hide(path.path),
              base: value(path.base),
              ours: value(path.ours),
              theirs: value(path.theirs),
              resolution: path.resolution,
            })),
          }),
      ...(conflict.with === undefined
        ? {}
        : { with: { table: hide(conflict.with.table), key: cells(conflict.with.key) } }),
      ...(conflict.otherKey === undefined ? {} : { otherKey: cells(conflict.otherKey) }),
      ...(conflict.lost === undefined ? {} : { lost: { ...conflict.lost, sql: value(conflict.lost.sql) } }),
    })),
    ...(held === undefined
      ? {}
      : {
          held: held.map((row) => ({
            table: hide(row.table),
            key: cells(row.key),
            column: value(row.column),
            value: value(row.value),
          })),
        }),
  };
}
