import type { Problem } from '../contract/result.ts';
import type { PeerRun } from '../sync/peer-run.ts';
import { problem } from './peer-result.ts';

/**
 * Tells that a peer's branch was replaced by force, where the old head is kept, and how to put it back.
 * @param database the folder to run the command in
 * @returns nothing where nothing was forced
 */
export function replacedProblems(run: PeerRun, database: string): Problem[] {
  if (run.replaced === null) return [];
  const { head, tag, atPeer } = run.replaced;
  const { peer, remote } = run;
  const { name } = peer;
  const push = `dolt push --force ${remote} ${tag}:${run.branch}`;
  const undo = run.keepsRemote
    ? push
    : `dolt remote add ${remote} ${peer.endpoint.dolt} && ${push}; dolt remote remove ${remote}`;
  const kept = atPeer ? 'here and at the peer' : 'here only, since the peer did not take it';
  return [
    problem('warning', 'forced-push', {
      message: `the branch ${run.branch} of ${name} was at ${head} and is now at ${run.head}; the tag ${tag} keeps the old head, ${kept}`,
      hint: `To undo it while ${name} is still at that head, run in ${database}: ${undo}`,
      peer: name,
    }),
  ];
}
