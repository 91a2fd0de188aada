import pc from 'picocolors';
import { ERRORS } from '../../contract/error-codes.ts';
import type { PeerResult, RunResult } from '../../contract/result.ts';
import type { PeerStatus, ReportValues, RunStatus } from '../../contract/vocabulary.ts';
import { placeOf } from '../../core/failure.ts';
import { counted, plain, shellWord } from '../../core/text.ts';
import { backupLines } from '../backup.ts';
import { duration } from '../figures.ts';
import { type Finding, findings } from '../findings.ts';
import { allColumns, fewColumns, mostImportant } from '../peer-row.ts';
import { plainLines } from '../plain.ts';
import { unresolvedNotice } from '../unresolved.ts';
import { conflictLines } from './conflicts.ts';
import { withOmitted } from './omitted.ts';
import { plannedLines } from './planned.ts';
import { sourceLines } from './sources.ts';
import { fittingTable, PLAIN_STYLE, type TextStyle } from './table.ts';
import { wrap } from './wrap.ts';

const MAX_PEERS = 100;
const MAX_FINDINGS = 50;

/**
 * The report of a run for a terminal, a pipe or a log, ending in a line break. The result must already be reduced to
 * `values` (`withValues`).
 */
export function text(
  result: RunResult,
  values: ReportValues = 'full',
  style: TextStyle & { readonly inStep?: boolean } = PLAIN_STYLE,
): string {
  const blocks = [
    peerLines(result, style),
    plannedLines(result, style),
    sourceLines(result, style),
    conflictLines(result, values, style),
    unresolvedLines(result, style.inStep === true),
    findingsLines(findings(result), style),
    backupLines(result, plain),
    [verdict(result, style)],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function peerLines(result: RunResult, style: TextStyle): string[] {
  const { peers } = result;
  if (peers.length === 0) return [];
  const columns = style.wide ? allColumns(result, 'whole') : fewColumns(result);
  const { bold } = pc.createColors(style.color);
  const shown = mostImportant(peers, MAX_PEERS);
  const rows = shown.map((peer) => columns.map(({ cell }) => painted(peer, cell(peer, plain), style)));
  return withOmitted(fittingTable([columns.map(({ title }) => bold(title.toUpperCase())), ...rows], style), {
    left: peers.length - shown.length,
    noun: 'more peer',
  });
}

/** A peer that failed is red as a whole, and one that needs a decision yellow; what moved is green. */
function painted({ status }: PeerResult, cell: string, { color }: TextStyle): string {
  const { red, yellow, green, dim } = pc.createColors(color);
  const paints = {
    failed: red,
    conflict: yellow,
    synced: green,
    pulled: green,
    pushed: green,
    unchanged: (text: string) => text,
    skipped: dim,
  } as const satisfies Record<PeerStatus, (text: string) => string>;
  return paints[status](cell);
}

/** The problems, the first of them whole. */
export function findingsLines(all: readonly Finding[], style: TextStyle): string[] {
  const lines = all.slice(0, MAX_FINDINGS).flatMap((finding) => findingLines(finding, style));
  return withOmitted(lines, { left: all.length - MAX_FINDINGS, noun: 'more problem' });
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
  return [...rows, file, ...steps.map((step) => `  ${step}`)];
}

/** First words of messages that name no peer, as messages write them: most begin with a small letter. */
const FIRST_WORDS: ReadonlySet<string> = new Set([
  ...Object.values(ERRORS).flatMap(({ title }) => title.toLowerCase().split(' ', 1)),
  ...['bd', 'cannot', 'credentials', 'git', 'go', 'it', 'its', 'neither', 'no', 'one', 'our', 'ssh', 'there', 'this'],
  ...['Dolt', 'Git', 'Neither', 'One', 'Our'],
]);

/** A noun follows such a first word, so one with a verb is the name of a peer. */
const NAME_WITH_VERB = /^(?:a|an|its|no|our|the) (?:has|is|lacks|no longer|requires|was) /i;

/** Whether a message begins with the name of its peer. A peer with another of the first words may be named twice. */
function isNamed(peer: string, message: string): boolean {
  if (/^[\w/.-]+/.exec(message)?.[0] !== peer) return false;
  return !FIRST_WORDS.has(peer) || NAME_WITH_VERB.test(message);
}

function findingLines(finding: Finding, { color, columns }: TextStyle): string[] {
  const { red, yellow, cyan } = pc.createColors(color);
  const paint = { error: red, warning: yellow, notice: cyan }[finding.severity];
  const place = placeOf(finding);
  const [first = '', ...rest] = plainLines(finding.message);
  const peer = finding.peer === null || isNamed(finding.peer, first) ? '' : `${plain(finding.peer)}: `;
  const code = finding.code === null ? '' : ` (${finding.code})`;
  const lines = [
    ...rest,
    ...(place === '' ? [] : [`at ${plain(place)}`]),
    ...(finding.hint === '' ? [] : plainLines(finding.hint)),
  ];
  return [
    ...wrap(`${paint(`${finding.severity}:`)} ${peer}${first}${code}`, '  ', columns),
    ...lines.flatMap((line) => wrap(`  ${line}`, '  ', columns)),
  ];
}

export const STATUS_COLORS = {
  failed: 'red',
  partial: 'yellow',
  conflict: 'yellow',
  success: 'green',
  unchanged: 'green',
  skipped: 'yellow',
} as const satisfies Record<RunStatus, string>;

function verdict(result: RunResult, { color }: TextStyle): string {
  const { branch, head: at } = result;
  const { [STATUS_COLORS[result.status]]: paint } = pc.createColors(color);
  const head = branch === null || at === null ? '' : `, ${plain(branch)} at ${plain(at)}`;
  const leg = result.shard === undefined ? '' : `leg ${result.shard}, `;
  const facts = `${leg}${counted(result.peers.length, 'peer')}${head}, ${duration(result.durationMs)}`;
  return `${result.command}: ${paint(outcomeText(result))}, ${facts}`;
}

/** The status of a run; a dry run changed nothing, whatever it found. */
export function outcomeText({ dryRun, status, database }: RunResult): string {
  if (status === 'skipped') return database === null ? status : 'skipped, nothing was changed';
  if (dryRun !== true) return status;
  const found = status === 'unchanged' || status === 'success' ? '' : ` (${status})`;
  return `dry run${found}, nothing was changed`;
}
