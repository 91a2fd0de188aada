import { type Failure, toFailure } from '../core/failure.ts';
import type { Engine } from '../dolt/engines.ts';
import { NOWHERE } from '../egress/host-rule.ts';
import type { Brought } from './brought.ts';
import { lookAt } from './look.ts';
import type { MergeLimits } from './merge-limits.ts';
import type { PeerRun } from './peer-run.ts';
import { isScreened } from './roles.ts';
import { screen } from './screen.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Looks at what each peer's head would bring, before any of them is merged or fast-forwarded to, and notes in its run
 * why it has to wait. A head is looked at again only when it is another one; heads that several peers share, once.
 * @param town.ours the head of our branch
 * @param town.maxDelete percent of a table's rows that a peer may delete at once
 * @param town.limits how long each look may take
 * @throws Failure `engine-lost` where the engine ended; the heads that were not looked at are still to be
 */
export async function screenPeers(
  engine: Engine,
  runs: readonly PeerRun[],
  town: { readonly branch: string; readonly ours: string; readonly maxDelete: number; readonly limits: MergeLimits },
): Promise<void> {
  const { ours, limits } = town;
  const limit = futureLimit();
  const looks = new Map<string, Promise<Brought | null>>();
  const look = (theirs: string): Promise<Brought | null> => {
    const heads = { ours, theirs, branch: town.branch };
    const found = looks.get(theirs) ?? engine.verb(limits.of('checking'), NOWHERE, (sql) => lookAt(sql, heads, limit));
    looks.set(theirs, found);
    return found;
  };
  let lost: Failure | null = null;
  const screenOne = async (run: PeerRun): Promise<void> => {
    if (run.head === null || run.failure !== null || run.head === run.screened || !isScreened(run)) return;
    try {
      if (lost !== null) throw lost;
      const brought = await look(run.head);
      run.screened = run.head;
      if (brought === null) return;
      const { accept, name } = run.peer;
      const verdict = screen(brought, { peer: name, accept, maxDelete: town.maxDelete });
      run.failure = verdict.failure;
      run.held = verdict.held;
      run.notices = verdict.notices;
    } catch (thrown) {
      const failure = toFailure(thrown);
      const isGuilty = limits.looksAlone && lost === null;
      if (failure.code === 'engine-lost') lost ??= failure;
      if (failure.code !== 'engine-lost' || isGuilty) run.failure = engine.outgrown() ?? failure;
    }
  };
  if (limits.looksAlone) for (const run of runs) await screenOne(run);
  else await Promise.all(runs.map(screenOne));
  if (lost === null) return;
  limits.noteLostLook();
  throw lost;
}

/** The latest moment that is no future, `YYYY-MM-DD HH:MM:SS` in UTC: clocks differ, but not by a day. */
export function futureLimit(): string {
  return new Date(Date.now() + DAY_MS).toISOString().slice(0, 19).replace('T', ' ');
}
