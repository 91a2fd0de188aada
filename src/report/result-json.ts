import type { ErrorResult, RunResult } from '../contract/result.ts';
import { jsonBytes } from '../core/json.ts';
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
  const short = cutTexts(cutRows(result), limit);
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

/** Whether a JSON text, once it is escaped, has at most `limit` bytes. */
export function fits(json: string, limit: number): boolean {
  return json.length <= limit && jsonBytes(json) <= limit;
}

function firstPeers(result: RunResult, peers: number): string {
  return JSON.stringify({ ...result, peers: result.peers.slice(0, peers) });
}

function cutRows(result: RunResult): RunResult {
  return { ...result, peers: result.peers.map((peer) => ({ ...peer, conflicts: [] })), truncated: true };
}

/** Without any peer, a quarter of the limit stays for what else a result has. */
function cutTexts(result: RunResult, limit: number): RunResult {
  const { backup, peers, problems } = result;
  return {
    ...result,
    peers: peers.map((peer) => ({ ...peer, error: peer.error === null ? null : shortenTexts(peer.error) })),
    problems: fitting(problems.slice(0, MAX_PROBLEMS).map(shortenTexts), limit / 2),
    ...(backup?.wouldTag === undefined ? {} : { backup: { ...backup, wouldTag: fitting(backup.wouldTag, limit / 4) } }),
  };
}

/** Those of a list, in order, whose JSON has at most `limit` bytes together. */
export function fitting<T>(list: readonly T[], limit: number): T[] {
  let left = limit;
  return list.filter((one) => {
    left -= jsonBytes(JSON.stringify(one)) + 1;
    return left >= 0;
  });
}

/** A problem with its texts shortened. */
export function shortenTexts<T extends { readonly message: string; readonly hint: string }>(text: T): T {
  return { ...text, message: shorten(text.message, MAX_TEXT), hint: shorten(text.hint, MAX_TEXT) };
}
