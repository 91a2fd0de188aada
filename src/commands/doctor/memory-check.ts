import type { Peer } from '../../config/configuration.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { readMemory } from '../../sync/verified-memory.ts';
import { fine, warned } from './check.ts';

const SUBJECT = { check: 'memory' } as const;

/** Of which peers the last common head is remembered: only for these a rewritten history is recognised for certain. */
export async function checkMemory(
  database: string,
  peers: readonly Peer[],
  branch: string | null,
): Promise<readonly DoctorCheck[]> {
  const { memory, trouble } = await readMemory(database);
  if (trouble !== null) {
    const hint =
      'The next run that writes puts it aside and begins a new one. Until then a rewritten history is only suspected.';
    return [warned(SUBJECT, { severity: 'warning', code: 'memory-unusable', message: trouble, hint })];
  }
  if (branch === null || peers.length === 0) return [];
  const entries = [...memory.peers.values()].filter(({ local }) => local === branch);
  const unknown = peers.filter(
    ({ name, endpoint, ref }) =>
      !Object.hasOwn(memory.former, name) &&
      !entries.some((entry) => entry.endpoint === endpoint.canonical && entry.ref === ref),
  );
  const none = unknown.map(({ name }) => name).join(', ');
  return [fine(SUBJECT, none === '' ? 'the last common head of every peer is remembered' : `nothing yet of ${none}`)];
}
