import type { RunResult } from '../contract/result.ts';

/** Issues that a peer adds, changes or deletes, by their source. */
interface SourceRow {
  readonly peer: string;
  readonly table: string;
  /** null: the issues without one, or all issues if reports show no sources. */
  readonly system: string | null;
  readonly creator: string | null;
  readonly rows: number;
  readonly kind: 'source' | 'others' | 'all';
}

/** The incoming issues of each peer, by source; the sources that its result does not name are one row. */
export function sourceRows({ peers }: RunResult): SourceRow[] {
  return peers.flatMap(({ name: peer, attribution }): SourceRow[] => {
    if (attribution === undefined) return [];
    const { table, rows, sources } = attribution;
    if (sources === undefined) return [{ peer, table, system: null, creator: null, rows, kind: 'all' }];
    const named = sources.map(
      (one): SourceRow => ({
        peer,
        table,
        system: one.system || null,
        creator: one.creator || null,
        rows: one.rows,
        kind: 'source',
      }),
    );
    const others = rows - sources.reduce((sum, one) => sum + one.rows, 0);
    return others <= 0 ? named : [...named, { peer, table, system: null, creator: null, rows: others, kind: 'others' }];
  });
}

export const SOURCE_COLUMNS = ['Peer', 'Table', 'Source', 'Creator', 'Rows'];

/** @param quote escapes a value for the format of the table */
export function sourceCells({ kind, peer, table, system, creator, rows }: SourceRow, quote: (text: string) => string) {
  const source = kind !== 'source' ? kind : system === null ? 'none' : quote(system);
  return [quote(peer), quote(table), source, creator === null ? '' : quote(creator), String(rows)];
}
