import { toFailure } from '../core/failure.ts';
import type { Engine, TimeLimit } from '../dolt/server/engines.ts';
import { requireSshAccess, sshReason } from '../dolt/ssh-access.ts';
import type { PeerProgress } from './peer-progress.ts';

/**
 * Runs a remote operation. If it fails over ssh and Dolt does not say why, ssh is asked.
 * @throws Failure of ssh if ssh knows the reason, else of the operation
 */
export async function withSshReason<T>(
  engine: Engine,
  { peer, reach }: PeerProgress,
  limit: TimeLimit,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (thrown) {
    const failure = toFailure(thrown);
    // The connection is lost before the end is noticed.
    if (engine.hasEnded() || failure.code === 'engine-lost') throw failure;
    const { dolt } = peer.endpoint;
    const ask = () => engine.runProgram(limit, reach, (program) => requireSshAccess(dolt, program));
    throw await sshReason(failure, dolt, ask);
  }
}
