import type { Conflict, PeerResult, RunResult } from '../contract/result.ts';
import { placeOf } from '../core/failure.ts';
import { counted, plain, shellWord } from '../core/text.ts';
import { columnsOf, conflictsOf, partiesOf, resolution } from './conflict-rows.ts';
import { duration, shorten } from './figures.ts';
import { type Finding, findings } from './findings.ts';
import { mostImportant, PEER_COLUMNS, peerRow } from './peer-row.ts';
import { plainLines } from './plain.ts';
import { textTable } from './text-table.ts';
import { unresolvedNotice } from './unresolved.ts';

/** More rows do not help on a terminal; the JSON has them all. */
const MAX_CONFLICTS = 50;
const MAX_CELL = 80;
const MAX_PEERS = 100;
const MAX_FINDINGS = 50;

/**
 * The report of a run for a terminal, a pipe or a log: plain text without color, ending in a line break. The result
 * must already be reduced to what may be shown (`withValues`).
 * @param inStep whether it is the log of a step, where no other command can follow
 */
export function text(result: RunResult, inStep = false): string {
  const blocks = [
    peerLines(result.peers),
    conflictLines(result),
    unresolvedLines(result, inStep),
    findingsLines(findings(result)),
    [verdict(result)],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function peerLines(peers: readonly PeerResult[]): string[] {
  if (peers.length === 0) return [];
  const shown = mostImportant(peers, MAX_PEERS);
  const rows = shown.map((peer) => peerRow(peer, plain));
  return withRest(textTable([PEER_COLUMNS.map((title) => title.toUpperCase()), ...rows]), {
    left: peers.length - shown.length,
    noun: 'more peer',
  });
}

function findingsLines(all: readonly Finding[]): string[] {
  const lines = all.slice(0, MAX_FINDINGS).flatMap(findingLines);
  return withRest(lines, { left: all.length - MAX_FINDINGS, noun: 'more problem' });
}

/** Lines, with a count of the omitted ones. */
function withRest(lines: readonly string[], rest: { readonly left: number; readonly noun: string }): string[] {
  if (rest.left <= 0) return [...lines];
  return [...lines, `and ${counted(rest.left, rest.noun)}; --json shows ${rest.left === 1 ? 'it' : 'them all'}`];
}

function conflictLines(result: RunResult): string[] {
  const rows = conflictsOf(result).map(([peer, conflict]) => conflictCells(peer, conflict));
  if (rows.length === 0) return [];
  const table = textTable([
    ['CONFLICT WITH', 'KIND', 'TABLE', 'KEY', 'COLUMNS', 'RESOLUTION'],
    ...rows.slice(0, MAX_CONFLICTS),
  ]);
  return withRest(table, { left: rows.length - MAX_CONFLICTS, noun: 'more row' });
}

function unresolvedLines(result: RunResult, inStep: boolean): string[] {
  const { count, file } = unresolvedNotice(result, plain);
  const rows = count === null ? [] : [count];
  if (file === null) return rows;
  const steps = inStep
    ? [
        'The file is deleted with the job. Upload it as an artifact: the output `conflicts-path` names it.',
        'Then decide in a clone of the database: `dolt-federation resolve --file conflicts.yaml`',
      ]
    : [
        'To decide row by row, run: dolt-federation resolve',
        `Or write your choices there, then run: dolt-federation resolve --file ${shellWord(plain(result.conflictsPath ?? ''))}`,
      ];
  return [...rows, file, ...steps.map(indented)];
}

function conflictCells(peer: PeerResult, conflict: Conflict): string[] {
  const key = Object.values(conflict.key).map((value) => value ?? 'NULL');
  const columns = columnsOf(conflict).join(', ');
  return [partiesOf(peer, conflict), conflict.kind, conflict.table, key.join(', '), columns, resolution(conflict)].map(
    (cell) => plain(shorten(cell, MAX_CELL)),
  );
}

function findingLines(finding: Finding): string[] {
  const place = placeOf(finding);
  const [first = '', ...rest] = plainLines(finding.message);
  const peer = finding.peer === null || first.startsWith(finding.peer) ? '' : `${plain(finding.peer)}: `;
  const code = finding.code === null ? '' : ` (${finding.code})`;
  return [
    `${finding.severity}: ${peer}${first}${code}`,
    ...rest.map(indented),
    ...(place === '' ? [] : [indented(`at ${plain(place)}`)]),
    ...(finding.hint === '' ? [] : plainLines(finding.hint).map(indented)),
  ];
}

function indented(line: string): string {
  return `  ${line}`;
}

function verdict(result: RunResult): string {
  const { branch, head: at } = result;
  const head = branch === null || at === null ? '' : `, ${plain(branch)} at ${plain(at)}`;
  return `${result.command}: ${result.status}, ${counted(result.peers.length, 'peer')}${head}, ${duration(result.durationMs)}`;
}
