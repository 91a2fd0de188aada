import pLimit from 'p-limit';
import type { Release } from '../../backup/choose-release.ts';
import { type Contents, type Depth, readContents } from '../../backup/contents.ts';
import { type DrillResult, drillPeer } from '../../backup/drill.ts';
import { isUnserved } from '../../backup/drill-errors.ts';
import { namesToDrill } from '../../backup/rotation.ts';
import { durationText } from '../../contract/duration.ts';
import { Failure, toFailure } from '../../core/failure.ts';
import { NO_CREDENTIALS } from '../../dolt/engine-credentials.ts';
import { checkDatabase } from '../../dolt/fsck.ts';
import type { TimeLimit } from '../../dolt/server/engines.ts';
import { NOWHERE } from '../../egress/host-rule.ts';
import type { PeerProgress } from '../../sync/peer-progress.ts';
import type { SyncContext } from '../../sync/sync-context.ts';
import type { Context } from '../context.ts';
import type { Opened } from '../on-database.ts';
import { accessTo } from '../prepare/peer-access.ts';
import type { BackupRequest } from './request.ts';

/** Each restored backup needs an engine of its own, and its memory. */
const AT_ONCE = 2;

/** The result of a drill. The progress of the peer has its failure. */
export type Drilled =
  | Extract<DrillResult, { kind: 'proven' }>
  | { readonly kind: 'differs' | 'unproven'; readonly durationMs: number };

/** A drill that was not made. */
const UNPROVEN: Drilled = { kind: 'unproven', durationMs: 0 };

interface Drills {
  readonly drills: ReadonlyMap<PeerProgress, Drilled>;
  readonly expected: Contents | null;
  /** Why not every drill was made, such as a database of ours that cannot be read; null: each was. */
  readonly notDrilled: Failure | null;
}

/**
 * Restores the backups that the run drills, and compares each with our database. A backup that differs fails its peer, as
 * does one that is not served after this run read it; one that may not be read only gets a warning. Nothing is thrown,
 * because the backups are made: a backup without a drill is unproven.
 */
export async function drillCopies(
  context: SyncContext,
  request: BackupRequest,
  commandContext: Context,
  {
    opened,
    release,
    targets,
  }: {
    readonly opened: Opened;
    readonly release: Release;
    readonly targets: readonly PeerProgress[];
  },
): Promise<Drills> {
  const { drill: mode } = request.backup;
  const depth = mode === 'head' ? 'head' : 'full';
  const names = namesToDrill(
    mode,
    targets.map(({ peer }) => peer.name),
    new Date(),
  );
  const due = targets.filter(({ peer }) => names.includes(peer.name));
  const drilled = due.filter(({ verified, failure }) => verified && failure === null);
  // The one backup of a rotation does not escape its drill by failing earlier.
  const escaping = mode === 'rotate' ? due.filter(({ failure }) => failure !== null) : [];
  const drills = new Map<PeerProgress, Drilled>(escaping.map((progress) => [progress, UNPROVEN]));
  if (drilled.length === 0) return { drills, expected: null, notDrilled: null };
  let expected: Contents | null = null;
  const results = new Map<PeerProgress, DrillResult>();
  const keep = (progress: PeerProgress, found: DrillResult): void => {
    drills.set(progress, found);
    recordDrill(progress, found);
  };
  try {
    const ours = await readOurs(context, release.commit, depth);
    expected = ours;
    // Its memory is needed, and no process of ours that has the chunks may answer for a peer.
    await context.engines.close();
    const limit = pLimit(AT_ONCE);
    const { access, dolt } = opened;
    await Promise.all(
      drilled.map((progress) =>
        limit(async () => {
          const { peer } = progress;
          const found = await drillPeer(commandContext, {
            peer,
            access: accessTo(peer, access),
            branch: branchThere(progress),
            tag: release.tag,
            expected: ours,
            depth,
            dolt: dolt.path,
            timeoutMs: context.timeoutMs,
            retries: context.retries,
          });
          results.set(progress, found);
          progress.countTime();
        }),
      ),
    );
    const own = await ownDamage(context, [...results.values()]);
    for (const [progress, found] of results) {
      const isOurs = own !== null && damageOf(found) === own.message;
      if (isOurs) drills.set(progress, { ...UNPROVEN, durationMs: found.durationMs });
      else keep(progress, found);
    }
    return { drills, expected, notDrilled: own === null ? null : asOwn(own) };
  } catch (thrown) {
    for (const progress of drilled) {
      const found = results.get(progress);
      if (found !== undefined) keep(progress, found);
      else drills.set(progress, UNPROVEN);
    }
    return { drills, expected, notDrilled: toFailure(thrown) };
  }
}

/** Records the result of a drill in the progress of its peer. */
function recordDrill(progress: PeerProgress, found: DrillResult): void {
  switch (found.kind) {
    case 'proven':
      return;
    case 'differs':
      progress.fail(found.failure);
      return;
    case 'unproven': {
      const { code, message, hint } = found.failure;
      if (isUnserved(code)) progress.fail(new Failure('drill-unproven', message, { hint, cause: found.failure }));
      else progress.notice({ severity: 'warning', code: 'drill-unproven', message });
    }
  }
}

/** The damage that a check of the whole backup found; null: none. */
function damageOf(found: DrillResult): string | null {
  if (found.kind !== 'differs') return null;
  const { cause } = found.failure;
  return cause instanceof Failure && cause.code === 'corrupt' ? cause.message : null;
}

/**
 * The damage of our own database, if a backup has the same: a malformed chunk with the right hash, which came with the
 * history of a peer, goes on to every backup, and no new one is without it. null: none, or it could not be checked.
 */
async function ownDamage(
  { engines, timeoutMs }: SyncContext,
  results: readonly DrillResult[],
): Promise<Failure | null> {
  const damages = results.map(damageOf).filter((damage) => damage !== null);
  if (damages.length === 0) return null;
  const failure = await engines
    .use(NO_CREDENTIALS, (engine) =>
      engine.runProgram(readingLimit(timeoutMs), NOWHERE, (program) => checkDatabase(engine.database, program)),
    )
    .then(() => null, toFailure);
  if (failure?.code === 'interrupted') throw failure;
  return failure !== null && damages.includes(failure.message) ? failure : null;
}

function asOwn(cause: Failure): Failure {
  const message = `this database has the same damage as its backups, so they are no proof: ${cause.message}`;
  return new Failure('corrupt', message, {
    hint: 'A commit of a peer can contain such data. Keep this database and its backups. Restore a backup that a drill proved before, and find out with `dolt log` which commits came since.',
    cause,
  });
}

/** A running database has our commits in its inbox until it merges them. */
function branchThere({ branch, delivery, state }: PeerProgress): string {
  return state === 'delivered' && delivery !== null ? delivery.branch : branch;
}

async function readOurs({ engines, timeoutMs }: SyncContext, commit: string, depth: Depth): Promise<Contents> {
  return await engines.use(NO_CREDENTIALS, (engine) =>
    engine.operation(readingLimit(timeoutMs), NOWHERE, (sql) => readContents(sql, commit, depth)),
  );
}

/** Every row is read, as in a first push. */
const WHOLE_DATABASE_FACTOR = 6;

function readingLimit(timeoutMs: number): TimeLimit {
  const milliseconds = timeoutMs * WHOLE_DATABASE_FACTOR;
  return {
    milliseconds,
    failure: () =>
      new Failure('timeout', `our database could not be read within ${durationText(milliseconds)} for the drill`, {
        hint: 'Raise `--timeout`, or compare only hashes with `--drill head`.',
      }),
  };
}
