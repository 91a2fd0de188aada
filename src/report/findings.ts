import type { BlockedRow, Problem, RunResult } from '../contract/result.ts';
import { cellsText, plain } from '../core/text.ts';

/** A problem of the run, or the error of one peer, in one form. */
export type Finding = Omit<Problem, 'code'> & { readonly code: Problem['code'] | null };

const NO_FILE = { file: null, line: null, column: null } as const;

/**
 * All problems of a run, those of peers first, each once. A peer that failed without a message is also listed. In a backup
 * that succeeded because enough other peers have a copy, that is a warning.
 */
export function findings(result: RunResult): Finding[] {
  const isEnough = result.status === 'success' && (result.backup?.required ?? null) !== null;
  const severity = isEnough ? 'warning' : 'error';
  return [...result.peers.flatMap((peer) => peerFinding(peer, severity)), ...result.problems];
}

function peerFinding(peer: RunResult['peers'][number], severity: Finding['severity']): Finding[] {
  if (peer.error !== null) {
    const { code, message, hint } = peer.error;
    const withRows = [message, ...(peer.held ?? []).map(blockedRowLine)].join('\n');
    return [{ severity, code, message: withRows, hint, peer: peer.name, ...NO_FILE }];
  }
  if (peer.status !== 'failed' && peer.status !== 'conflict') return [];
  const message = peer.status === 'failed' ? 'the peer failed' : 'rows in conflict need a decision';
  return [{ severity, code: null, message, hint: '', peer: peer.name, ...NO_FILE }];
}

function blockedRowLine({ table, key, column, value }: BlockedRow): string {
  const cells = column === null || value === null ? key : { ...key, [column]: value };
  return plain(`${table}: ${cellsText(cells, ' = ')}`);
}
