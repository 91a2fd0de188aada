import type { BlockedRow, Problem, RunResult } from '../contract/result.ts';
import { cellsText, plain } from '../core/text.ts';

/** A problem of the run, or the error of one peer, in one form. */
export type Finding = Omit<Problem, 'code'> & { readonly code: Problem['code'] | null };

const NO_FILE = { file: null, line: null, column: null } as const;

/** All problems of a run, errors of peers first, each once. A peer that failed without a message is also listed. */
export function findings(result: RunResult): Finding[] {
  return [...result.peers.flatMap(peerFinding), ...result.problems];
}

function peerFinding(peer: RunResult['peers'][number]): Finding[] {
  if (peer.error !== null) {
    const { code, message, hint } = peer.error;
    const withRows = [message, ...(peer.held ?? []).map(blockedRowLine)].join('\n');
    return [{ severity: 'error', code, message: withRows, hint, peer: peer.name, ...NO_FILE }];
  }
  if (peer.status !== 'failed' && peer.status !== 'conflict') return [];
  const message = peer.status === 'failed' ? 'the peer failed' : 'rows in conflict need a decision';
  return [{ severity: 'error', code: null, message, hint: '', peer: peer.name, ...NO_FILE }];
}

function blockedRowLine({ table, key, column, value }: BlockedRow): string {
  const cells = column === null || value === null ? key : { ...key, [column]: value };
  return plain(`${table}: ${cellsText(cells, ' = ')}`);
}
