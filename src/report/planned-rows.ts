import type { PeerResult, Plan, PlannedChanges, RunResult } from '../contract/result.ts';
import { counted } from '../core/text.ts';

/** One direction of a plan: what our database or a peer would get. */
export interface Planned {
  readonly peer: string;
  readonly direction: 'incoming' | 'outgoing';
  readonly changes: PlannedChanges;
}

/** Every direction of every plan in which something would move. */
export function plannedOf({ peers }: RunResult): Planned[] {
  return peers.flatMap(({ name, plan }: PeerResult) => (plan === undefined ? [] : directionsOf(name, plan)));
}

function directionsOf(peer: string, { incoming, outgoing }: Plan): Planned[] {
  return [
    ...(incoming === undefined ? [] : [{ peer, direction: 'incoming', changes: incoming } as const]),
    ...(outgoing === undefined ? [] : [{ peer, direction: 'outgoing', changes: outgoing } as const]),
  ];
}

type PlannedTable = PlannedChanges['tables'][number];

/** The changes of a table and its rows, for people. */
export function tableText({ change, from, definition, rows }: PlannedTable): string {
  return [...changeText(change, from, definition), rowsText(change, rows)].filter((part) => part !== '').join(', ');
}

function changeText(change: PlannedTable['change'], from: string | undefined, definition: boolean): string[] {
  switch (change) {
    case 'added':
      return ['new table'];
    case 'dropped':
      return ['dropped'];
    case 'renamed':
      return [`renamed from ${from ?? ''}`];
    case 'changed':
      return definition ? ['definition changed'] : [];
  }
}

function rowsText(change: PlannedTable['change'], rows: PlannedTable['rows']): string {
  if (rows === null) return 'another primary key: rows cannot be compared';
  if (change === 'added') return counted(rows.added, 'row');
  if (change === 'dropped') return counted(rows.removed, 'row');
  const kinds = [
    [rows.added, 'added'],
    [rows.changed, 'changed'],
    [rows.removed, 'removed'],
  ] as const;
  const found = kinds.flatMap(([count, kind]) => (count === 0 ? [] : [`${count} ${kind}`]));
  return found.length === 0 ? '' : `rows: ${found.join(', ')}`;
}
