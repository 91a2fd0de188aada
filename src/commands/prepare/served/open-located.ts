import { serverText } from '../../../config/server.ts';
import { toFailure } from '../../../core/failure.ts';
import type { Found } from '../locate-database.ts';
import { type Located, refuseCutOff, type Serving, startsServers } from './served-by.ts';

/** How many servers of bd, each of which has ended when it is used, a run connects to. Then it only opens directly. */
const CONNECTS = 3;

/**
 * Opens a database through its server, or directly if no server holds it. If that fails, the database is located again:
 * bd may have ended its server since it was found, and may have started another one.
 * @param open.direct has the database open when it returns, if bd may start a server for it
 */
export async function openLocated<T>(
  first: Located,
  locateAgain: () => Promise<Located>,
  open: {
    readonly through: (serving: Serving, found: Found) => Promise<T>;
    readonly direct: (found: Found) => Promise<T>;
  },
): Promise<T> {
  let { found, serving } = first;
  for (let tries = 1; ; tries += 1) {
    const before: Serving | null = serving;
    try {
      return await (before === null ? open.direct(found) : open.through(before, found));
    } catch (thrown) {
      const { code } = toFailure(thrown);
      const mayBeServed = before === null && code === 'database-in-use' && startsServers(found);
      const mayHaveEnded = before !== null && code === 'server-unreachable' && !before.isSilent;
      if (!mayBeServed && !mayHaveEnded) throw thrown;
      ({ found, serving } = await locateAgain());
      if (serving !== null) refuseCutOff(serving);
      if ((serving !== null && tries >= CONNECTS) || isSameServer(before, serving)) throw thrown;
    }
  }
}

function isSameServer(one: Serving | null, other: Serving | null): boolean {
  return (one === null ? null : serverText(one.setting)) === (other === null ? null : serverText(other.setting));
}
