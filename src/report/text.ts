import type { Conflict, PeerResult, RunResult } from '../contract/result.ts';
import { conflictsOf, resolution, withWhom } from './conflict-rows.ts';
import { counted, duration } from './figures.ts';
import { type Finding, findings } from './findings.ts';
import { PEER_COLUMNS, peerRow } from './peer-row.ts';
import { plain, plainLines } from './plain.ts';
import { shorten } from './shorten.ts';
import { textTable } from './text-table.ts';

/** More rows than this do not help at a terminal; the JSON has them all. */
const MAX_CONFLICTS = 50;
const MAX_CELL = 80;

/**
 * The report of a run for a terminal, a pipe or a log: plain text without colour, ending in a line break. The result
 * must have been reduced to what may be shown (`withValues`) before.
 */
export function text(result: RunResult): string {
  const blocks = [
    result.peers.length === 0
      ? []
      : textTable([
          PEER_COLUMNS.map((title) => title.toUpperCase()),
          ...result.peers.map((peer) => peerRow(peer, plain)),
        ]),
    conflictLines(result),
    leftLines(result),
    findings(result).flatMap(findingLines),
    [verdict(result)],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function conflictLines(result: RunResult): string[] {
  const rows = conflictsOf(result).map(([peer, conflict]) => conflictCells(peer, conflict));
  if (rows.length === 0) return [];
  const left = rows.length - MAX_CONFLICTS;
  const table = textTable([
    ['IN CONFLICT WITH', 'KIND', 'TABLE', 'KEY', 'COLUMNS', 'RESOLUTION'],
    ...rows.slice(0, MAX_CONFLICTS),
  ]);
  return left > 0 ? [...table, `and ${counted(left, 'more row')}; --json shows them all`] : table;
}

function leftLines({ conflictsPath }: RunResult): string[] {
  if (conflictsPath === undefined) return [];
  const file = plain(conflictsPath);
  return [
    `What is left for you stands in ${file}`,
    `  Write your choices there, then run: dolt-federation resolve --file ${file}`,
  ];
}

function conflictCells(peer: PeerResult, conflict: Conflict): string[] {
  const key = Object.values(conflict.key).map((value) => value ?? 'NULL');
  const columns = conflict.columns.join(', ');
  return [withWhom(peer, conflict), conflict.kind, conflict.table, key.join(', '), columns, resolution(conflict)].map(
    (cell) => plain(shorten(cell, MAX_CELL)),
  );
}

function findingLines(finding: Finding): string[] {
  const about = [finding.severity, finding.peer, finding.code].filter((part) => part !== null).map(plain);
  const place = [finding.file, finding.line, finding.column].filter((part) => part !== null);
  const [first = '', ...rest] = plainLines(finding.message);
  return [
    `${about.join(': ')}: ${first}`,
    ...rest.map(indented),
    ...(place.length === 0 ? [] : [indented(`at ${plain(place.join(':'))}`)]),
    ...(finding.hint === '' ? [] : plainLines(finding.hint).map(indented)),
  ];
}

function indented(line: string): string {
  return `  ${line}`;
}

function verdict(result: RunResult): string {
  const head = result.head === null ? '' : `, ${plain(result.branch)} at ${plain(result.head)}`;
  return `${result.command}: ${result.status}, ${counted(result.peers.length, 'peer')}${head}, ${duration(result.durationMs)}`;
}
