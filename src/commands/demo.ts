import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import type { RunResult } from '../contract/result.ts';
import { initDatabase } from '../dolt/init.ts';
import { openServer } from '../dolt/server.ts';
import { openDatabase } from '../dolt/sql.ts';
import { installDolt } from '../install/install.ts';
import type { Context } from './context.ts';
import { DEMO_EDITS, DEMO_FIRST_ROWS, DEMO_TOWNS, type DemoTown } from './demo-rows.ts';
import { federate } from './federate.ts';
import { type DemoRequest, type DoltRequest, type FederateRequest, NO_REWRITES } from './request.ts';

export interface DemoOutcome {
  /** The last sync of each town, in the order of the towns. */
  readonly towns: readonly { readonly name: string; readonly result: RunResult }[];
}

interface Ground {
  /** Temporary folder that holds the towns and their mailboxes. */
  readonly folder: string;
  readonly dolt: DoltRequest & { readonly path: string };
  readonly context: Context;
}

const AUTHOR = { name: 'A Townsman', email: 'townsman@example.org' };

/**
 * Three towns in a temporary folder federate over `file://`: one begins, the others are cloned from their mailboxes,
 * each changes rows on its own, and all sync until nothing moves. Nothing outside the temporary folder is touched.
 */
export async function demo(request: DemoRequest, context: Context): Promise<DemoOutcome> {
  const { path } = await installDolt(request.dolt, context);
  await mkdir(context.tempDir, { recursive: true });
  const folder = await mkdtemp(join(context.tempDir, 'df-demo-'));
  context.onResource({ kind: 'folder', path: folder });
  const ground: Ground = { folder, dolt: { ...request.dolt, path }, context };
  try {
    await configureTowns(ground);
    await beginTown(ground, DEMO_TOWNS[0]);
    for (const town of DEMO_TOWNS) await sync(ground, town);
    for (const town of DEMO_TOWNS) await commit(ground, town, DEMO_EDITS[town]);
    for (const town of DEMO_TOWNS) await sync(ground, town);
    const towns: DemoOutcome['towns'][number][] = [];
    for (const name of DEMO_TOWNS) towns.push({ name, result: await sync(ground, name) });
    return { towns };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const databaseOf = (ground: Ground, town: DemoTown): string => join(ground.folder, town, 'database');
const configOf = (ground: Ground, town: DemoTown): string => join(ground.folder, town, 'federation.yaml');

/** Every town has a mailbox of its own as primary and the mailboxes of the others as peers. */
async function configureTowns(ground: Ground): Promise<void> {
  const mailbox = (town: DemoTown): string => pathToFileURL(join(ground.folder, `${town}-mailbox`)).href;
  for (const town of DEMO_TOWNS) {
    const others = DEMO_TOWNS.filter((other) => other !== town).map((other) => [other, mailbox(other)]);
    const config = {
      sync: { mode: 'dolt-native' },
      // Guards of the user are about other databases.
      federation: { push: true, remote: mailbox(town), peers: Object.fromEntries(others) },
    };
    await mkdir(join(ground.folder, town));
    await writeFile(configOf(ground, town), stringify(config));
  }
}

async function beginTown(ground: Ground, town: DemoTown): Promise<void> {
  const folder = databaseOf(ground, town);
  await initDatabase({ ...ground.context, dolt: ground.dolt.path, folder, branch: 'main', author: AUTHOR });
  await commit(ground, town, DEMO_FIRST_ROWS);
}

/** Changes a town as its users would. */
async function commit(ground: Ground, town: DemoTown, statements: readonly string[]): Promise<void> {
  const { context } = ground;
  const server = await openServer({
    ...context,
    dolt: ground.dolt.path,
    database: databaseOf(ground, town),
  });
  try {
    const database = await openDatabase(server, 1);
    await database.session(async (sql) => {
      for (const statement of statements) await sql.run(statement);
      const author = `${AUTHOR.name} of ${town} <${AUTHOR.email}>`;
      await sql.run("CALL DOLT_COMMIT('-A', '-m', ?, '--author', ?)", [`work in ${town}`, author]);
    });
    await database.close();
  } finally {
    await server.stop();
  }
}

async function sync(ground: Ground, town: DemoTown): Promise<RunResult> {
  const request: FederateRequest = {
    command: 'sync',
    only: [],
    onlyRoles: [],
    leases: new Map(),
    rewrites: NO_REWRITES,
    dryRun: false,
    failOn: 'any',
    retries: 3,
    timeout: 600_000,
    mergeTimeout: 120_000,
    parallel: 8,
    initEmpty: true,
    maxDelete: 50,
    database: databaseOf(ground, town),
    // The other towns begin with what the first one has put into their mailboxes.
    bootstrap: 'origin',
    reportValues: 'full',
    untrusted: false,
    overrides: { config: configOf(ground, town) },
    dolt: ground.dolt,
  };
  return (await federate(request, ground.context)).result;
}
