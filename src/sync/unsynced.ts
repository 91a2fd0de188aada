import { oldestCommitDate } from '../dolt/history.ts';
import type { Sql } from '../dolt/sql.ts';
import type { PeerRun } from './peer-run.ts';
import { rightsOf } from './roles.ts';

/**
 * When the oldest commit was made that one side should get from the other and lacks. It is read from both heads and needs
 * no memory. A direction that the role never allows does not count: what a backup has and we lack is not waited for.
 * @param ours our head after the run
 * @returns null where nothing is missing, or where the peer's head is not known
 */
export async function oldestUnsynced(sql: Sql, run: PeerRun, ours: string): Promise<string | null> {
  const rights = rightsOf(run.peer.role);
  if (run.head === null) {
    const lacksAll = run.state === 'remote-empty' || run.state === 'branch-missing';
    return lacksAll && rights.push ? oldestCommitDate(sql, { from: null, to: ours }) : null;
  }
  if (run.head === ours) return null;
  const dates = [
    rights.pull ? await oldestCommitDate(sql, { from: ours, to: run.head }) : null,
    rights.push ? await oldestCommitDate(sql, { from: run.head, to: ours }) : null,
  ];
  return dates.filter((date) => date !== null).sort()[0] ?? null;
}
