import type { Problem } from '../contract/result.ts';
import type { Notice } from '../sync/notice.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { problem } from './peer-result.ts';

/** What should be known of what a peer brings, as the JSON shows it. */
export function noticesOf(run: PeerRun): Problem[] {
  const notices = [...run.notices, run.otherMakers, run.manyTags].filter((notice) => notice !== null);
  return notices.map((notice) => toProblem(notice, run.peer.name));
}

/** A notice as the JSON shows it. */
export function toProblem({ severity, code, ...told }: Notice, peer?: string): Problem {
  return problem(severity, code, { ...told, ...(peer === undefined ? {} : { peer }) });
}
