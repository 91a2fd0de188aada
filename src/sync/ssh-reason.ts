import { toFailure } from '../core/failure.ts';
import type { Engine, TimeLimit } from '../dolt/server/engines.ts';
import { requireSshAccess } from '../dolt/ssh-access.ts';
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
    const { code } = toFailure(thrown);
    const { kind, dolt } = peer.endpoint;
    if (kind !== 'ssh' || (code !== 'network' && code !== 'unknown') || engine.hasEnded()) throw thrown;
    const reason = await engine.runProgram(limit, reach, (program) => requireSshAccess(dolt, program)).catch(toFailure);
    throw reason === undefined || reason.code === 'unknown' ? thrown : reason;
  }
}
