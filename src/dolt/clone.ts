import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { explained, Failure } from '../core/failure.ts';
import { throwIfInterrupted } from '../core/interruption.ts';
import { inCloneFolder } from '../core/private-folder.ts';
import { endsWithin, monotonicMs } from '../core/time.ts';
import type { Reach } from '../egress/host-rule.ts';
import { isDatabase } from './database-files.ts';
import type { TimeLimit } from './server/engines.ts';
import { interruptible } from './server/interrupt.ts';
import { connectTo } from './server/ready.ts';
import { type EngineContext, openServer, type ServerOptions } from './server/server.ts';
import { refusedIn, remoteFailure, withPanic } from './sql/failure.ts';
import { requireSshAccess, sshReason } from './ssh-access.ts';

/** A remote to clone, and the target. */
export interface CloneSource {
  /** Name that the remote gets in the clone. */
  readonly remote: string;
  readonly url: string;
  /** Git ref that holds the data; null: Dolt's own. */
  readonly ref: string | null;
  /** The user that Dolt sends to the remote; null: none. */
  readonly user: string | null;
  /** The hosts that the remote is reached at. */
  readonly reach: Reach;
  /** null: the remote's default branch. */
  readonly branch: string | null;
  /** Runs on the clone before it gets its final name, so that an interruption cannot come between. */
  readonly finish?: (folder: string) => Promise<void>;
}

const NAME = 'clone';

/**
 * Clones a remote into a folder that does not exist yet. The clone is made beside it and moved there, so that an
 * interrupted clone leaves nothing that looks like a database.
 * @param options as for a server; `database` is the folder to create
 * @param limit time limit
 * @returns false: another run made the folder meanwhile, and its database stays
 * @throws Failure with the class of the error, `remote-empty` if there is nothing to clone
 */
export async function cloneDatabase(
  context: EngineContext,
  options: ServerOptions,
  source: CloneSource,
  limit: TimeLimit,
): Promise<boolean> {
  return await inCloneFolder(context, options.database, async (tempFolder) => {
    const server = await openServer(context, {
      ...options,
      database: tempFolder,
      asDataFolder: true,
      removeWith: [...(options.removeWith ?? []), tempFolder],
    });
    try {
      const connection = await createConnection(connectTo(server.address));
      const args = cloneArguments(source);
      const begun = monotonicMs();
      const statement = `CALL DOLT_CLONE(${args.map(() => '?').join(', ')})`;
      await server
        .during(source.reach, async () => {
          const cloning = interruptible(server, context.signal, () => connection.query(statement, [...args]));
          const inTime = await endsWithin(cloning, limit.milliseconds);
          // Nothing else runs in this engine, so it can be ended.
          if (!inTime) await server.kill();
          await cloning.catch(async (thrown: unknown) => {
            throwIfInterrupted(context.signal);
            if (!inTime) throw limit.failure();
            const failure = remoteFailure(thrown, context.secrets);
            const ended = await server.endFailure(failure);
            if (ended !== null) throw ended;
            const signal = AbortSignal.any([context.signal, AbortSignal.timeout(limit.milliseconds)]);
            const asked = { ...server.childContext, secrets: server.secrets, signal };
            const reason = await sshReason(failure, source.url, () => requireSshAccess(source.url, asked));
            throw await withPanic(reason, server.panicText, begun);
          });
        })
        .catch((thrown: unknown) => {
          throw thrown instanceof Failure ? cloneFailure(source, refusedIn(tempFolder, thrown)) : thrown;
        });
      connection.destroy();
      context.log?.debug(`Dolt: CALL DOLT_CLONE (${Math.round(monotonicMs() - begun)} ms)`);
    } finally {
      await server.stop();
    }
    await source.finish?.(join(tempFolder, NAME));
    return await moveClone(join(tempFolder, NAME), options.database);
  });
}

/**
 * A folder is renamed as a whole, so a database in the place is complete. Another run may already use it.
 * @throws Failure `database-read-only`, `disk-full`
 */
export async function moveClone(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (thrown) {
    if (await isDatabase(to)) return false;
    throw explained(thrown, 'database-read-only', `the database cannot be moved to ${to}`);
  }
}

function cloneArguments({ remote, url, branch, ref, user }: CloneSource): readonly string[] {
  const options = { '--remote': remote, '--branch': branch, '--ref': ref, '--user': user };
  const given = Object.entries(options).flatMap(([option, value]) => (value === null ? [] : [option, value]));
  return [...given, url, NAME];
}

function cloneFailure({ url }: CloneSource, failure: Failure): Failure {
  const { code, message, hint } = failure;
  if (code === 'timeout' || code === 'interrupted') return failure;
  return new Failure(code, `${url} cannot be cloned: ${message}`, { hint, cause: failure });
}
