import { enterGates, type Gates } from '../../../beads/processes/gates.ts';
import type { BdUsage } from '../../../beads/workspace.ts';
import { NO_CREDENTIALS } from '../../../dolt/engine-credentials.ts';
import type { Engines } from '../../../dolt/server/engines.ts';
import type { Context } from '../../context.ts';

/**
 * Engines that hold the gates of bd while one of them may be open, so that maintenance of bd does not replace the database
 * under it.
 * @param bd null: bd does not use the database
 * @throws Failure `database-in-use` from `use` while maintenance goes on
 */
export function behindGates(engines: Engines, bd: BdUsage | null, context: Context): Engines {
  if (bd === null) return engines;
  let gates: Promise<Gates> | null = null;
  const leave = async (): Promise<void> => {
    const left = gates;
    gates = null;
    await (await left?.catch(() => null))?.leave();
  };
  const enter = async (): Promise<void> => {
    gates ??= enterGates(bd.guarded, context);
    await gates.catch(async (thrown: unknown) => {
      await leave();
      throw thrown;
    });
  };
  return {
    folder: engines.folder,
    async use(credentials, work) {
      await enter();
      return await engines.use(credentials, work);
    },
    async finish(work) {
      await enter();
      return await engines.finish(work);
    },
    whyUnopenable: (trial) => engines.whyUnopenable(trial),
    close: () => engines.close().finally(leave),
  };
}

/** Opens the database before bd starts a server for it. @throws Failure `database-in-use` if bd was first */
export async function holdAtOnce(engines: Engines): Promise<void> {
  await engines
    .use(NO_CREDENTIALS, async () => undefined)
    .catch(async (thrown: unknown) => {
      await engines.close();
      throw thrown;
    });
}
