import type { ErrorResult, RunResult } from '../contract/result.ts';
import { shorten } from '../core/text.ts';

/** The limit of the output `result`; all outputs of a job together may have 50 MiB. */
export const RESULT_LIMIT_BYTES = 64 * 1024;

const MAX_TEXT = 500;
const MAX_PROBLEMS = 20;

/**
 * A result as JSON of at most `limit` bytes. If the whole does not fit, rows in conflict are removed first, then long
 * texts, then peers from the end. It is still a valid result, with `"truncated": true`.
 */
export function resultJson(result: RunResult, limit: number = RESULT_LIMIT_BYTES): string {
  const whole = JSON.stringify(result);
  if (fits(whole, limit)) return whole;
  const withoutRows = JSON.stringify(cutRows(result));
  if (fits(withoutRows, limit)) return withoutRows;
  const short = cutTexts(cutRows(result));
  let most = result.peers.length;
  let least = 0;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(firstPeers(short, middle), limit)) least = middle;
    else most = middle - 1;
  }
  return firstPeers(short, least);
}

/** A failure as JSON of at most `limit` bytes; if the whole does not fit, only the first problems, shortened. */
export function errorResultJson(result: ErrorResult, limit: number = RESULT_LIMIT_BYTES): string {
  const whole = JSON.stringify(result);
  if (fits(whole, limit)) return whole;
  const { error, problems = [] } = result;
  const short = { error: shortenTexts(error), truncated: true };
  const some = JSON.stringify({ ...short, problems: problems.slice(0, MAX_PROBLEMS).map(shortenTexts) });
  return problems.length > 0 && fits(some, limit) ? some : JSON.stringify(short);
}

function fits(json: string, limit: number): boolean {
  return Buffer.byteLength(json) <= limit;
}

function firstPeers(result: RunResult, peers: number): string {
  return JSON.stringify({ ...result, peers: result.peers.slice(0, peers) });
}

function cutRows(result: RunResult): RunResult {
  return { ...result, peers: result.peers.map((peer) => ({ ...peer, conflicts: [] })), truncated: true };
}

function cutTexts(result: RunResult): RunResult {
  return {
    ...result,
    peers: result.peers.map((peer) => ({ ...peer, error: peer.error === null ? null : shortenTexts(peer.error) })),
    problems: result.problems.slice(0, MAX_PROBLEMS).map(shortenTexts),
  };
}

/** A problem with its texts shortened. */
export function shortenTexts<T extends { readonly message: string; readonly hint: string }>(text: T): T {
  return { ...text, message: shorten(text.message, MAX_TEXT), hint: shorten(text.hint, MAX_TEXT) };
}
