import { mkdtemp, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { requireNoDaemon } from '../beads/daemon.ts';
import type { Configuration, Peer } from '../config/configuration.ts';
import { Failure } from '../core/failure.ts';
import { cloneDatabase } from '../dolt/clone.ts';
import { processCommand } from '../dolt/process-command.ts';
import { openServer } from '../dolt/server.ts';
import type { Address } from '../dolt/server-ready.ts';
import { type Database, openDatabase } from '../dolt/sql.ts';
import { fileRemote } from '../sync/file-remote.ts';
import type { Context } from './context.ts';
import { type Found, locateDatabase } from './locate-database.ts';
import type { FederateRequest } from './request.ts';

/** An open database of this town. */
export interface Town {
  readonly path: string;
  readonly database: Database;
  readonly address: Address;
  close(): Promise<void>;
}

type Opening = Pick<FederateRequest, 'database' | 'branch' | 'bootstrap' | 'dryRun' | 'parallel' | 'command'>;

/**
 * Opens the town's database, cloning it first where there is none: from the peer that `bootstrap` names, else from the
 * primary, never from anybody else. A run that may not write clones into a folder that goes when the town is closed.
 * @throws Failure `no-database`, `unknown-peer`, `database-in-use`, or what cloning threw
 */
export async function openTown(
  request: Opening,
  context: Context,
  known: { readonly configuration: Configuration; readonly dolt: string },
): Promise<Town> {
  const found = await locateDatabase({
    ...context,
    database: request.database,
    workspace: known.configuration.workspace,
  });
  const server = { ...context, dolt: known.dolt, mask: (secret: string) => context.log.mask(secret) };
  const { workspace } = known.configuration;
  if (workspace !== null && isInside(workspace, found)) {
    await requireNoDaemon(workspace, (pid) => processCommand(pid, context.env));
  }
  if (found.kind === 'database') return serve({ ...server, database: found.path }, request.parallel);
  const source = bootstrapPeer(known.configuration, request.bootstrap);
  const writes = request.command !== 'status' && !request.dryRun;
  const workshop = writes ? null : await mkdtemp(join(context.tempDir, 'df-look-'));
  try {
    const path = workshop === null ? cloneTo(found) : join(workshop, 'database');
    context.log.info(`no database yet: cloning ${source.name} into ${path}`);
    await clone({ ...server, database: path }, source, request.branch);
    const town = await serve({ ...server, database: path }, request.parallel);
    return { ...town, close: () => town.close().finally(() => remove(workshop)) };
  } catch (thrown) {
    await remove(workshop);
    throw thrown;
  }
}

function isInside(workspace: string, found: Found): boolean {
  return found.kind !== 'nowhere' && found.path.startsWith(workspace + sep);
}

function cloneTo(found: { readonly kind: 'to-clone'; readonly path: string } | { readonly kind: 'nowhere' }): string {
  if (found.kind === 'to-clone') return found.path;
  throw new Failure('no-database', 'no Dolt database was found here or in a folder above', {
    hint: 'Name its folder with `--database`; one that does not exist yet is cloned into.',
  });
}

async function remove(folder: string | null): Promise<void> {
  if (folder !== null) await rm(folder, { recursive: true, force: true });
}

function bootstrapPeer(configuration: Configuration, bootstrap: string | undefined): Peer {
  const wanted = configuration.peers.find((peer) =>
    bootstrap === undefined ? peer.role === 'primary' : peer.name === bootstrap,
  );
  if (wanted !== undefined) return wanted;
  if (bootstrap !== undefined)
    throw new Failure('unknown-peer', `no peer is called ${bootstrap}, so nothing can be cloned from it`);
  throw new Failure('no-database', 'no Dolt database was found, and there is no primary to clone from', {
    hint: 'Name the folder of the database with `--database`, set `federation.remote`, or name a peer with `--bootstrap`.',
  });
}

async function clone(
  options: Parameters<typeof cloneDatabase>[0],
  source: Peer,
  branch: string | undefined,
): Promise<void> {
  const empty = (cause?: unknown): Failure =>
    new Failure('no-database', `there is no database here, and ${source.name} is empty, so there is nothing to clone`, {
      hint: `Push a first database to ${source.name} from the town that has it, or name another peer with \`--bootstrap\`.`,
      cause,
    });
  if ((await fileRemote(source.endpoint)) === 'absent') throw empty();
  try {
    await cloneDatabase(options, {
      remote: source.name,
      url: source.endpoint.dolt,
      branch: source.branch ?? branch ?? null,
    });
  } catch (thrown) {
    throw thrown instanceof Failure && thrown.code === 'remote-empty' ? empty(thrown) : thrown;
  }
}

async function serve(options: Parameters<typeof openServer>[0], parallel: number): Promise<Town> {
  const server = await openServer(options);
  try {
    // One connection for each peer that is worked on, and one for the merge.
    const database = await openDatabase(server.address, parallel + 1);
    return {
      path: options.database,
      database,
      address: server.address,
      close: () => database.close().finally(() => server.stop()),
    };
  } catch (thrown) {
    await server.stop();
    throw thrown;
  }
}
