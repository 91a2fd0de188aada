import pc from 'picocolors';
import type { Outcome } from '../../commands/outcome/outcome.ts';
import type { ConfigRequest, Request } from '../../commands/request.ts';
import type { ConfigEntry, ListPeersResult, ResolveResult } from '../../contract/result.ts';
import { type Failure, placeOf, problemsOf } from '../../core/failure.ts';
import { plain } from '../../core/text.ts';
import { doctorText } from '../../report/doctor.ts';
import { errorResult } from '../../report/error-result.ts';
import { plainLines } from '../../report/plain.ts';
import { text } from '../../report/text.ts';
import { textTable } from '../../report/text-table.ts';
import { withValues } from '../../report/values.ts';
import type { Display } from './invocation.ts';

/** Where a command's last word goes. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** A value as `--json` prints it. */
function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** A result, on standard output. */
export function outcomeOutput(outcome: Outcome, request: Request, display: Display): Output {
  const stdout = display.json ? jsonText(resultJson(outcome, request)) : resultText(outcome, request, display);
  return { stdout, stderr: '' };
}

/** What stopped a command: JSON on standard output, text on standard error. */
export function failureOutput(failure: Failure, shown: { readonly json: boolean; readonly color: boolean }): Output {
  if (shown.json) return { stdout: jsonText(errorResult(failure)), stderr: '' };
  return { stdout: '', stderr: errorText(failure, shown.color) };
}

/** What stops a command, for people: each problem, where it is, and what to do next. */
export function errorText(failure: Failure, color: boolean): string {
  return problemsOf(failure)
    .map((problem) => problemText(problem, color))
    .join('');
}

function problemText(failure: Failure, color: boolean): string {
  const { red } = pc.createColors(color);
  const { location } = failure;
  const lines = [
    `${red('error:')} ${plain(failure.message)} (${failure.code})`,
    ...(location === null ? [] : [`  at ${plain(placeOf(location))}`]),
    ...plainLines(failure.hint).map((line) => `  ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** The value that `--json` prints: the result alone, with no more of the data than the request lets appear. */
function resultJson(outcome: Outcome, request: Request): unknown {
  switch (outcome.command) {
    case 'sync':
    case 'pull':
    case 'push':
    case 'status':
      return withValues(outcome.result, 'reportValues' in request ? request.reportValues : 'none');
    case 'add-peer':
    case 'remove-peer':
    case 'resolve':
    case 'list-peers':
    case 'doctor':
    case 'install':
      return outcome.result;
    case 'config':
      return asksForOne(request) ? (outcome.result[0] ?? null) : outcome.result;
    case 'demo':
      return { towns: outcome.towns };
  }
}

function asksForOne(request: Request): request is ConfigRequest {
  return request.command === 'config' && request.key !== null;
}

/** What people read on standard output; ends with a line break unless it is empty. */
function resultText(outcome: Outcome, request: Request, display: Display): string {
  switch (outcome.command) {
    case 'sync':
    case 'pull':
    case 'push':
    case 'status':
      return text(withValues(outcome.result, 'reportValues' in request ? request.reportValues : 'none'));
    case 'add-peer':
      return `added peer ${outcome.result.name} (${plain(outcome.result.endpoint)})\n`;
    case 'remove-peer':
      return `removed peer ${outcome.result.name}\n`;
    case 'resolve':
      return resolvedText(outcome.result);
    case 'list-peers':
      return peersText(outcome.result);
    case 'config':
      return configText(outcome.result, request, display);
    case 'doctor':
      return doctorText(outcome.result);
    case 'install':
      return `dolt ${outcome.result.version} at ${outcome.result.path} (${outcome.result.source})\n`;
    case 'demo':
      return outcome.towns.map((town) => `${town.name}\n${text(town.result)}`).join('\n');
  }
}

function resolvedText({ status, branch, head, peers, rows }: ResolveResult): string {
  if (status === 'unchanged') return 'nothing is left to resolve\n';
  const merged = `merged ${peers.map(plain).join(', ')} with ${rows} row(s) as chosen`;
  return `${merged}: ${plain(branch ?? '')} is at ${head}; run \`dolt-federation sync\` to publish it\n`;
}

function peersText(peers: ListPeersResult): string {
  if (peers.length === 0) return 'no peers; add one with `dolt-federation add-peer <name> <endpoint>`\n';
  return lines(textTable(peers.map((peer) => [peer.name, plain(peer.endpoint), peer.role, peer.tier])));
}

/** As `git config` prints it: the value alone for one key, `key = value` for many, the origin in front where asked. */
function configText(entries: readonly ConfigEntry[], request: Request, display: Display): string {
  const one = request.command === 'config' && request.key !== null;
  const rows = entries.map((entry) => {
    const value = plain(one ? entry.value : `${entry.key} = ${entry.value}`);
    return display.showOrigin ? [plain(entry.origin), value] : [value];
  });
  return lines(textTable(rows));
}

function lines(rows: readonly string[]): string {
  return rows.map((row) => `${row}\n`).join('');
}
