import pLimit from 'p-limit';
import { throwIfInterrupted } from '../core/interruption.ts';
import { groupBy } from '../core/lists.ts';
import { type EngineCredentials, NO_CREDENTIALS } from '../dolt/engine-credentials.ts';
import type { Engine } from '../dolt/server/engines.ts';
import type { PeerProgress } from './peer-progress.ts';
import {
  type Awaited,
  awaitArrivals,
  leaveOpenable,
  refuseArrivals,
  type Wrong,
  wrongArrival,
} from './remotes/arrivals.ts';
import type { SyncContext } from './sync-context.ts';

/** Runs work that is parallel in one engine, with steps before and after it. */
export type Around = <T>(engine: Engine, work: () => Promise<T>) => Promise<T>;

interface Phase {
  readonly allProgress: readonly PeerProgress[];
  readonly plain: 'first' | 'last';
  /** Only for a phase that fetches. */
  readonly around?: Around;
}

/**
 * How often peers may share an engine that ended. After that, each peer gets its own engine, so that a peer that crashes
 * Dolt does not affect others (2.3.0 panics over a table file whose address is not a URL). After wrong data, or an
 * engine that exceeded its memory or filled the disk, they share none, because the same would happen again.
 */
const SHARED_ENGINES = 2;

/**
 * Runs one phase for each peer in the engine that it needs, peers of one engine in parallel. If an engine ended because
 * of one peer, a new one serves the others.
 * @param work records failures in the progress; called again for a peer whose failure is `engine-lost`, and if data
 * that arrived is wrong
 */
export async function inEngines(
  context: SyncContext,
  phase: Phase,
  work: (engine: Engine, progress: PeerProgress) => Promise<void>,
): Promise<void> {
  const { engines } = context;
  const around = phase.around ?? ((_, batch) => batch());
  for (const { engineCredentials, allProgress } of groupPeers(phase.allProgress, phase.plain)) {
    let mayShare = true;
    const runIn = async (batch: readonly PeerProgress[], begun: Awaited[]) => {
      const { fetched, ...ended } = await engines.use(engineCredentials, async (engine) => {
        const awaited = phase.around === undefined ? null : await awaitArrivals(context, engine);
        if (awaited !== null) begun.push(awaited);
        const failed = await around(engine, () => sideBySide(context, batch, (progress) => work(engine, progress)));
        const readsReplacedFiles = awaited && (await engine.readsReplacedFiles());
        return {
          lost: failed,
          endFailure: failed[0]?.failure ? await engine.endFailure(failed[0].failure) : null,
          fetched: awaited && { ...awaited, hasEnded: engine.hasEnded(), readsReplacedFiles },
        };
      });
      const names = batch.map(({ peer }) => peer.name);
      const wrong = fetched && (await refuseArrivals(context, { ...fetched, engineCredentials, names }));
      return { ...ended, wrong };
    };
    const serve = async (batch: readonly PeerProgress[]): Promise<readonly PeerProgress[]> => {
      for (const progress of batch) if (progress.failure?.code === 'engine-lost') progress.tryAgain();
      const begun: Awaited[] = [];
      const { lost, endFailure, wrong } = await runIn(batch, begun).catch(async (thrown: unknown) => {
        for (const awaited of begun) await leaveOpenable(context, awaited).catch(() => undefined);
        throw thrown;
      });
      if (wrong !== null) {
        mayShare = false;
        return withoutArrivals(batch, wrong);
      }
      // The end of a process is reported after its connection fails.
      if (lost.length > 0) await engines.close();
      if (endFailure === null) return lost;
      mayShare = false;
      if (batch.length > 1) return lost;
      for (const progress of lost) progress.explain(endFailure);
      return [];
    };
    if (engineCredentials.restartBetweenPhases) await engines.close();
    let waiting = allProgress;
    for (let shared = 0; mayShare && waiting.length > 0 && shared < SHARED_ENGINES; shared += 1)
      waiting = await serve(waiting);
    for (const progress of waiting) await serve([progress]);
    if (engineCredentials.restartBetweenPhases) await engines.close();
  }
}

/** @returns the peers that failed only because their engine ended */
async function sideBySide(
  { parallel, signal }: SyncContext,
  allProgress: readonly PeerProgress[],
  work: (progress: PeerProgress) => Promise<void>,
): Promise<readonly PeerProgress[]> {
  const limit = pLimit(parallel);
  await Promise.all(
    allProgress.map((progress) =>
      limit(async () => {
        throwIfInterrupted(signal);
        await work(progress);
        progress.countTime();
        throwIfInterrupted(signal);
      }),
    ),
  );
  return allProgress.filter((progress) => progress.failure?.code === 'engine-lost');
}

/**
 * Fails a peer that alone sent wrong data. Several peers are read again, because all that they sent was removed.
 * @returns the peers to read again
 */
function withoutArrivals(batch: readonly PeerProgress[], wrong: Wrong): readonly PeerProgress[] {
  const [first] = batch;
  if (first !== undefined && batch.length === 1) {
    first.incomparable(wrongArrival(first.peer.name, wrong), null);
    return [];
  }
  const again = batch.filter(({ state, failure }) => state !== 'unreachable' || failure?.code === 'engine-lost');
  for (const progress of again) progress.tryAgain();
  return again;
}

/** Peers that share an engine. */
interface PeerGroup {
  readonly engineCredentials: EngineCredentials;
  readonly allProgress: readonly PeerProgress[];
}

/**
 * Groups peers by the engine that they need. Peers without credentials share one; an engine never has a secret of a
 * peer that it does not serve.
 * @param plain position of the group without credentials: the merge, between fetches and pushes, uses its engine. One
 * order is the reverse of the other, so that a phase begins with the engine that the one before it ended with.
 */
function groupPeers(allProgress: readonly PeerProgress[], plain: 'first' | 'last'): readonly PeerGroup[] {
  const groups = [...groupBy(allProgress, (progress) => progress.engineCredentials.key).values()].flatMap(
    ([first, ...others]) =>
      first === undefined ? [] : [{ engineCredentials: first.engineCredentials, allProgress: [first, ...others] }],
  );
  const without = groups.filter(({ engineCredentials }) => engineCredentials.key === NO_CREDENTIALS.key);
  const own = groups.filter(({ engineCredentials }) => engineCredentials.key !== NO_CREDENTIALS.key);
  return plain === 'first' ? [...without, ...own] : [...own.toReversed(), ...without];
}
