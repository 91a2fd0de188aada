import type { Problem } from '../contract/result.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { problem } from './peer-result.ts';

interface Town {
  /** Folder of the database. */
  readonly path: string;
  readonly branch: string;
  /** Whether that branch is the one that is checked out there. */
  readonly isCheckedOut: boolean;
}

/** Says that our branch was replaced by a peer's head, which tag keeps the old one, and how to go back. */
export function adoptedProblems({ adopted, adopt, peer }: PeerRun, { path, branch, isCheckedOut }: Town): Problem[] {
  if (adopted === null) return [];
  const undo = isCheckedOut ? `dolt reset --hard ${adopted.tag}` : `dolt branch -f ${branch} ${adopted.tag}`;
  return [
    problem('warning', 'history-adopted', {
      message: `our branch ${branch} was at ${adopted.head} and became ${adopt}, the head of ${peer.name}; the local tag ${adopted.tag} keeps the old head`,
      hint: `To go back, run in ${path}: ${undo}`,
      peer: peer.name,
    }),
  ];
}
