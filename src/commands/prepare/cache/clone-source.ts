import { join } from 'node:path';
import { z } from 'zod';
import type { Peer } from '../../../config/configuration.ts';
import { cloneIdentity } from '../../../config/endpoint/data-place.ts';
import { shortDigest } from '../../../core/digest.ts';
import { Failure } from '../../../core/failure.ts';
import { readOwnFile, writeOwnFile } from '../../../sync/own-file.ts';

const sourceSchema = z.strictObject({ version: z.literal(1), endpoint: z.string(), source: z.string() });
const MAX_BYTES = 64 * 1024;

function sourceFile(database: string): string {
  return join(database, '.dolt', 'dolt-federation-clone.json');
}

/** The branch does not count: a database outside the folder for clones keeps the one that is checked out. */
function sourceOf(peer: Peer): string {
  return shortDigest(cloneIdentity(peer, null));
}

/** Records the peer of a clone of a job. @throws Failure `database-read-only`, `disk-full` */
export async function recordSource(database: string, peer: Peer): Promise<void> {
  await writeOwnFile(sourceFile(database), {
    version: 1,
    endpoint: peer.endpoint.canonical,
    source: sourceOf(peer),
  });
}

/**
 * Refuses a clone of a job that a step with another configuration made, as in `placeOfClone`: a beads workspace has one
 * place for all steps.
 * @param source the peer that this step would clone
 * @throws Failure `no-database`
 */
export async function requireSameSource(database: string, source: Peer | undefined): Promise<void> {
  const file = sourceFile(database);
  const { value, warning } = await readOwnFile(file, MAX_BYTES, sourceSchema);
  if (value === null && warning === null) return;
  const named = 'To use that database nevertheless, name it with `--database`.';
  if (value === null)
    throw new Failure('no-database', `${file} does not say which peer ${database} was cloned from`, {
      hint: `${named} Or remove the database, so that it is cloned again.`,
    });
  if (source !== undefined && value.source === sourceOf(source)) return;
  const wanted = source === undefined ? 'has no primary to clone' : `would clone ${source.endpoint.canonical}`;
  throw new Failure(
    'no-database',
    `an earlier step cloned ${value.endpoint} into ${database}, and this step ${wanted}`,
    {
      hint: `Its commits would go to the peers of this step. Set \`--bootstrap\` as in the earlier step, or give this step a checkout of its own. ${named}`,
    },
  );
}
