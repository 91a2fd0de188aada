import type { Outcome } from '../commands/outcome.ts';
import type { Request } from '../commands/request.ts';
import type { ConfigEntry, ListPeersResult, ResolveResult } from '../contract/result.ts';
import { plain } from '../core/plain.ts';
import { doctorText } from '../report/doctor.ts';
import { text } from '../report/text.ts';
import { textTable } from '../report/text-table.ts';
import { withValues } from '../report/values.ts';
import type { Display } from './invocation.ts';

/** What people read on standard output; ends with a line break unless it is empty. */
export function resultText(outcome: Outcome, request: Request, display: Display): string {
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
