import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import { EXIT } from '../contract/exit-codes.ts';
import type { RunResult } from '../contract/result.ts';
import { initDatabase } from '../dolt/init.ts';
import { openServer } from '../dolt/server/server.ts';
import { openDatabase } from '../dolt/sql/sql.ts';
import { installDolt } from '../install/install.ts';
import { text } from '../report/text.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { exitCodeOf } from './outcome/exit-code.ts';
import { requestedDolt } from './prepare/options.ts';
import { type DoltRequest, NO_REWRITES, type SyncRequest } from './request.ts';
import { sync } from './sync.ts';

interface DemoRequest {
  readonly dolt: DoltRequest;
}

interface DemoOutcome {
  /** The last sync of each town, in the order of the towns. */
  readonly towns: readonly { readonly name: string; readonly result: RunResult }[];
}

interface DemoContext {
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
  const demoRun: DemoContext = { folder, dolt: { ...request.dolt, path }, context };
  try {
    await configureDatabases(demoRun);
    await beginDatabase(demoRun, DEMO_DATABASES[0]);
    for (const town of DEMO_DATABASES) await syncDatabase(demoRun, town);
    for (const town of DEMO_DATABASES) await commit(demoRun, town, DEMO_EDITS[town]);
    for (const town of DEMO_DATABASES) await syncDatabase(demoRun, town);
    const towns: DemoOutcome['towns'][number][] = [];
    for (const name of DEMO_DATABASES) towns.push({ name, result: await syncDatabase(demoRun, name) });
    return { towns };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const databaseOf = (demoRun: DemoContext, town: DemoDatabase): string => join(demoRun.folder, town, 'database');
const configOf = (demoRun: DemoContext, town: DemoDatabase): string => join(demoRun.folder, town, 'federation.yaml');

/** Every town has a mailbox of its own as primary and the mailboxes of the others as peers. */
async function configureDatabases(demoRun: DemoContext): Promise<void> {
  const mailbox = (town: DemoDatabase): string => pathToFileURL(join(demoRun.folder, `${town}-mailbox`)).href;
  for (const town of DEMO_DATABASES) {
    const others = DEMO_DATABASES.filter((other) => other !== town).map((other) => [other, mailbox(other)]);
    const config = {
      syncDatabase: { mode: 'dolt-native' },
      // Guards of the user are about other databases.
      federation: { push: true, remote: mailbox(town), peers: Object.fromEntries(others) },
    };
    await mkdir(join(demoRun.folder, town));
    await writeFile(configOf(demoRun, town), stringify(config));
  }
}

async function beginDatabase(demoRun: DemoContext, town: DemoDatabase): Promise<void> {
  const folder = databaseOf(demoRun, town);
  await initDatabase({ ...demoRun.context, dolt: demoRun.dolt.path, folder, branch: 'main', author: AUTHOR });
  await commit(demoRun, town, DEMO_FIRST_ROWS);
}

/** Changes a town as its users would. */
async function commit(demoRun: DemoContext, town: DemoDatabase, statements: readonly string[]): Promise<void> {
  const { context } = demoRun;
  const server = await openServer({
    ...context,
    dolt: demoRun.dolt.path,
    database: databaseOf(demoRun, town),
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

async function syncDatabase(demoRun: DemoContext, town: DemoDatabase): Promise<RunResult> {
  const request: SyncRequest = {
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
    database: databaseOf(demoRun, town),
    // The other towns begin with what the first one has put into their mailboxes.
    bootstrap: 'origin',
    reportValues: 'full',
    untrusted: false,
    overrides: { config: configOf(demoRun, town) },
    dolt: demoRun.dolt,
  };
  return (await sync(request, demoRun.context)).result;
}

/** The towns of the demo, in the order in which they federate. */
const DEMO_DATABASES = ['north', 'south', 'west'] as const;
type DemoDatabase = (typeof DEMO_DATABASES)[number];

/** What the first town begins with. */
const DEMO_FIRST_ROWS: readonly string[] = [
  `CREATE TABLE issues (
    id VARCHAR(20) PRIMARY KEY,
    title VARCHAR(200) NOT NULL,
    status VARCHAR(20) NOT NULL DEFAULT 'open',
    assignee VARCHAR(40)
  )`,
  `INSERT INTO issues (id, title) VALUES
    ('well-1', 'Dig a well'),
    ('mill-1', 'Repair the mill'),
    ('road-1', 'Pave the road to the market')`,
];

/** What each town changes on its own: different rows, and different cells of one row, so that nothing conflicts. */
const DEMO_EDITS: Readonly<Record<DemoDatabase, readonly string[]>> = {
  north: ["UPDATE issues SET status = 'closed' WHERE id = 'well-1'"],
  south: [
    "UPDATE issues SET assignee = 'sam' WHERE id = 'well-1'",
    "INSERT INTO issues (id, title) VALUES ('boat-1', 'Build a ferry')",
  ],
  west: ["UPDATE issues SET title = 'Repair the mill and its wheel' WHERE id = 'mill-1'"],
};

/** A demo is as good as its worst database. */
export const demoCommand = defineCommand({
  parse: (asked): DemoRequest => ({ dolt: requestedDolt(asked) }),
  run: demo,
  render: ({ towns }) => ({
    json: { towns },
    text: () => towns.map((town) => `${town.name}\n${text(town.result)}`).join('\n'),
  }),
  exitCode: ({ towns }) =>
    towns.map((town) => exitCodeOf(town.result, 'any')).find((code) => code !== EXIT.ok) ?? EXIT.ok,
});
