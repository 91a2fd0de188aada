import { toFailure } from '../core/failure.ts';
import type { Database } from '../dolt/sql.ts';
import type { Brought } from './brought.ts';
import { lookAt } from './look.ts';
import type { PeerRun } from './peer-run.ts';
import { isScreened } from './roles.ts';
import { screen } from './screen.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Looks at what each peer's head would bring, before any of them is merged or fast-forwarded to, and notes in its run
 * why it has to wait. A head is looked at again only when it is another one; heads that several peers share, once.
 * @param town.ours the head of our branch
 * @param town.maxDelete percent of a table's rows that a peer may delete at once
 */
export async function screenPeers(
  database: Database,
  runs: readonly PeerRun[],
  town: { readonly branch: string; readonly ours: string; readonly maxDelete: number },
): Promise<void> {
  const limit = futureLimit();
  const looks = new Map<string, Promise<Brought | null>>();
  const look = (theirs: string): Promise<Brought | null> => {
    const heads = { ours: town.ours, theirs, branch: town.branch };
    const found = looks.get(theirs) ?? database.session((sql) => lookAt(sql, heads, limit));
    looks.set(theirs, found);
    return found;
  };
  await Promise.all(
    runs.map(async (run) => {
      if (run.head === null || run.failure !== null || run.head === run.screened || !isScreened(run)) return;
      try {
        const brought = await look(run.head);
        run.screened = run.head;
        if (brought === null) return;
        const { accept, name } = run.peer;
        const verdict = screen(brought, { peer: name, accept, maxDelete: town.maxDelete });
        run.failure = verdict.failure;
        run.held = verdict.held;
        run.notices = verdict.notices;
      } catch (thrown) {
        run.failure = toFailure(thrown);
      }
    }),
  );
}

/** The latest moment that is no future, `YYYY-MM-DD HH:MM:SS` in UTC: clocks differ, but not by a day. */
export function futureLimit(): string {
  return new Date(Date.now() + DAY_MS).toISOString().slice(0, 19).replace('T', ' ');
}
