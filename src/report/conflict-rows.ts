import type { Conflict, PeerResult, RunResult } from '../contract/result.ts';

/** Every row in conflict with its peer; unresolved rows first. */
export function conflictsOf(result: RunResult): (readonly [PeerResult, Conflict])[] {
  const all = result.peers.flatMap((peer) => peer.conflicts.map((conflict) => [peer, conflict] as const));
  return [...all.filter(([, { left }]) => left), ...all.filter(([, { left }]) => !left)];
}

/** The owners of the two values: the peer and the local database, or several peers. */
export function partiesOf(peer: PeerResult, { between }: Conflict): string {
  return [peer.name, ...between].join(' / ');
}

/** How the row was resolved, and whether a person should check it. */
export function resolution({ resolution: words, left, elsewhere }: Conflict): string {
  const won = words === 'undone' ? '' : sentenceOf(words);
  const shown = left ? [won, 'needs a decision'].filter((part) => part !== '').join('; ') : sentenceOf(words);
  return elsewhere === true ? [shown, 'merged by another database'].filter((part) => part !== '').join('; ') : shown;
}

/** `theirs (created first)` as `kept theirs: created first`; a row of which each side won a part is unchanged. */
function sentenceOf(words: string): string {
  const [, side, why] = /^(ours|theirs) \(([^()]*)\)$/.exec(words) ?? [];
  if (side === undefined || why === undefined) return words;
  return `kept ${side}: ${why === 'later' ? 'changed later' : why}`;
}

/** Every row with a version that the merge lacks and that a person needs. */
export function lostOf(result: RunResult): (readonly [Conflict, NonNullable<Conflict['lost']>])[] {
  return conflictsOf(result).flatMap(([, conflict]) =>
    conflict.left && conflict.lost !== undefined ? [[conflict, conflict.lost] as const] : [],
  );
}

/** The conflicting columns; for a document that was merged key by key, the keys that both sides changed. */
export function columnsOf({ columns, paths = [] }: Conflict): string[] {
  return columns.flatMap((column) => {
    const keys = paths.flatMap((path) => (path.column === column ? [`${column} ${path.path}`] : []));
    return keys.length === 0 ? [column] : keys;
  });
}
