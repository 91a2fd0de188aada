import { Failure, toFailure } from '../core/failure.ts';
import { inPrivateFolder } from '../core/private-folder.ts';
import { monotonicMs } from '../core/time.ts';
import type { Contents } from './contents.ts';
import { mayBeIntact } from './drill-errors.ts';
import type { DrillContext, DrillRequest } from './drill-request.ts';
import { examineBackup } from './examine.ts';
import { restoreBackup } from './restore.ts';

/** A backup that was restored and equals our database. */
export interface Proven extends Contents {
  readonly kind: 'proven';
  /** The head of the branch there, which contains the commit. */
  readonly head: string;
  /** Size of the backup, in bytes. */
  readonly bytes: number;
  readonly durationMs: number;
}

/**
 * The result of a drill. `differs`: the backup has other data, or is damaged; the code is `drill-failed` · `unproven`:
 * it could not be reached, or may not be read.
 */
export type DrillResult =
  | Proven
  | { readonly kind: 'differs' | 'unproven'; readonly failure: Failure; readonly durationMs: number };

/**
 * Restores the backup at a peer like a person who lost everything else, and compares it with our database. The clone is
 * made in a process of its own, with the credentials of this peer only. It is removed afterwards in any case.
 * @throws Failure `interrupted`
 */
export async function drillPeer(context: DrillContext, request: DrillRequest): Promise<DrillResult> {
  const { name } = request.peer;
  const begun = monotonicMs();
  const durationMs = () => monotonicMs() - begun;
  context.onProgress({ peer: name, step: 'verifying', detail: 'restoring the backup' });
  try {
    return await inPrivateFolder(context, 'drill', async (folder) => {
      const { database, bytes } = await restoreBackup(context, request, folder);
      const examined = await examineBackup(context, request, { database, folder });
      return { kind: 'proven', ...examined, bytes, durationMs: durationMs() };
    });
  } catch (thrown) {
    const failure = toFailure(thrown);
    const { code, message, hint } = failure;
    if (code === 'interrupted') throw failure;
    if (mayBeIntact(code)) {
      const unread = new Failure(code, `the backup at ${name} could not be read: ${message}`, { hint, cause: failure });
      return { kind: 'unproven', failure: unread, durationMs: durationMs() };
    }
    const what = code === 'drill-failed' ? 'is not what was backed up' : 'cannot be restored';
    const details = { cause: failure, hint: code === 'engine-lost' ? hint : undefined };
    const failed = new Failure('drill-failed', `the backup at ${name} ${what}: ${message}`, details);
    return { kind: 'differs', failure: failed, durationMs: durationMs() };
  }
}
