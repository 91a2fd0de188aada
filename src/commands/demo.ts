import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import { DOLTHUB_HOST } from '../config/endpoint/options.ts';
import { parseEndpoint } from '../config/endpoint/parse.ts';
import { EXIT } from '../contract/exit-codes.ts';
import type { RunResult } from '../contract/result.ts';
import { Failure, toFailure } from '../core/failure.ts';
import { makePrivateFolder } from '../core/private-folder.ts';
import { initDatabase } from '../dolt/init.ts';
import { openServer } from '../dolt/server/server.ts';
import { openDatabase, type Sql } from '../dolt/sql/sql.ts';
import type { DoltRequest } from '../install/dolt-request.ts';
import { installDolt } from '../install/install.ts';
import { demoText, type ShownDatabase, type ShownTable } from '../report/commands/demo.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { exitCodeOf } from './outcome/exit-code.ts';
import { requestedDolt } from './prepare/options.ts';
import { DEFAULT_SYNC_REQUEST, type SyncRequest } from './request.ts';
import { sync } from './sync.ts';

interface DemoRequest {
  readonly dolt: DoltRequest;
}

/** In the order of the databases, each with its last sync. */
type DemoOutcome = readonly ShownDatabase[];

interface DemoContext {
  /** Temporary folder that holds the databases and their mailboxes. */
  readonly folder: string;
  readonly dolt: DoltRequest & { readonly path: string };
  readonly context: Context;
}

const AUTHOR = { name: 'A User', email: 'user@example.org' };

/**
 * Three databases in a temporary folder federate over `file://`: one begins, the others are cloned from their mailboxes,
 * each changes rows on its own, and all sync until nothing moves. Nothing outside the temporary folder is touched.
 */
export async function demo(request: DemoRequest, context: Context): Promise<DemoOutcome> {
  const { path } = await installDolt(request.dolt, context);
  refuseUnusable(context.tempDir);
  const folder = await makePrivateFolder(context, 'demo');
  const demoRun: DemoContext = { folder, dolt: { ...request.dolt, path }, context };
  const info = (message: string): void => context.log.info(message);
  try {
    info(`Creating ${DEMO_DATABASES.join(', ')}, each with a mailbox of its own`);
    await configureDatabases(demoRun);
    await beginDatabase(demoRun, DEMO_DATABASES[0]);
    for (const name of DEMO_DATABASES) await syncDatabase(demoRun, name);
    info('Changing rows in each of them');
    const before = new Map<DemoDatabase, ShownTable>();
    for (const name of DEMO_DATABASES) before.set(name, await commit(demoRun, name, DEMO_EDITS[name]));
    info('Syncing each of them, until nothing moves');
    for (const name of DEMO_DATABASES) await syncDatabase(demoRun, name);
    const results = new Map<DemoDatabase, RunResult>();
    for (const name of DEMO_DATABASES) results.set(name, await syncDatabase(demoRun, name));
    const outcome: ShownDatabase[] = [];
    for (const [name, result] of results) {
      const after = await inDatabase(demoRun, name, readIssues);
      outcome.push({ name, before: before.get(name) ?? [], after, result });
    }
    return outcome;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * No endpoint has a space, so a mailbox cannot be below such a folder, which a user of Windows or macOS may have as home.
 * @throws Failure `bad-usage`
 */
function refuseUnusable(folder: string): void {
  try {
    parseEndpoint(pathToFileURL(join(folder, 'mailbox')).href, { dolthubHost: DOLTHUB_HOST, allowInsecure: false });
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    if (code !== 'invalid-endpoint') throw thrown;
    throw new Failure('bad-usage', `the demo cannot use ${folder} for its mailboxes: ${message}`, {
      hint: 'Set XDG_CACHE_HOME to a folder without spaces, or RUNNER_TEMP on a runner.',
      cause: thrown,
    });
  }
}

const databaseOf = (demoRun: DemoContext, name: DemoDatabase): string => join(demoRun.folder, name, 'database');
const configOf = (demoRun: DemoContext, name: DemoDatabase): string => join(demoRun.folder, name, 'federation.yaml');

/** Every database has a mailbox of its own as primary, and the mailboxes of the others as peers. */
async function configureDatabases(demoRun: DemoContext): Promise<void> {
  const mailbox = (name: DemoDatabase): string => pathToFileURL(join(demoRun.folder, `${name}-mailbox`)).href;
  for (const name of DEMO_DATABASES) {
    const others = DEMO_DATABASES.filter((other) => other !== name).map((other) => [other, mailbox(other)]);
    const config = {
      sync: { mode: 'dolt-native' },
      // Guards of the user are about other databases.
      federation: { push: true, remote: mailbox(name), peers: Object.fromEntries(others) },
    };
    await mkdir(join(demoRun.folder, name));
    await writeFile(configOf(demoRun, name), stringify(config));
  }
}

async function beginDatabase(demoRun: DemoContext, name: DemoDatabase): Promise<void> {
  const folder = databaseOf(demoRun, name);
  await initDatabase(demoRun.context, { dolt: demoRun.dolt.path, folder, branch: 'main', author: AUTHOR });
  await commit(demoRun, name, DEMO_FIRST_ROWS);
}

/** Changes a database as its users would, and returns its rows. */
async function commit(demoRun: DemoContext, name: DemoDatabase, statements: readonly string[]): Promise<ShownTable> {
  return await inDatabase(demoRun, name, async (sql) => {
    for (const statement of statements) await sql.run(statement);
    const author = `${AUTHOR.name} of ${name} <${AUTHOR.email}>`;
    await sql.run("CALL DOLT_COMMIT('-A', '-m', ?, '--author', ?)", [`work in ${name}`, author]);
    return await readIssues(sql);
  });
}

async function readIssues(sql: Sql): Promise<ShownTable> {
  const { columns, rows } = await sql.table('SELECT id, title, status, assignee FROM issues ORDER BY id');
  return [columns.map((column) => column.toUpperCase()), ...rows.map((cells) => cells.map((cell) => cell ?? '-'))];
}

async function inDatabase<T>(demoRun: DemoContext, name: DemoDatabase, work: (sql: Sql) => Promise<T>): Promise<T> {
  const server = await openServer(demoRun.context, {
    dolt: demoRun.dolt.path,
    database: databaseOf(demoRun, name),
  });
  try {
    const database = await openDatabase(server, 1);
    const result = await database.session(work);
    await database.close();
    return result;
  } finally {
    await server.stop();
  }
}

/** Steps and notes of a sync are left out: the rows before and after say more. */
async function syncDatabase(demoRun: DemoContext, name: DemoDatabase): Promise<RunResult> {
  const request: SyncRequest = {
    ...DEFAULT_SYNC_REQUEST,
    database: databaseOf(demoRun, name),
    // The others begin with the rows that the first one has pushed to their mailboxes.
    bootstrap: 'origin',
    reportValues: 'full',
    overrides: { config: configOf(demoRun, name) },
    dolt: demoRun.dolt,
  };
  const { log } = demoRun.context;
  const quiet: Context = {
    ...demoRun.context,
    onProgress: () => undefined,
    log: {
      debug: (message) => log.debug(message),
      info: (message) => log.debug(message),
      warning: (message) => log.warning(message),
    },
  };
  return (await sync(request, quiet)).result;
}

/** In the order in which they federate. */
const DEMO_DATABASES = ['north', 'south', 'west'] as const;
type DemoDatabase = (typeof DEMO_DATABASES)[number];

/** The first rows. */
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

/** The changes of each database: different rows, and different cells of one row, so that nothing conflicts. */
const DEMO_EDITS: Readonly<Record<DemoDatabase, readonly string[]>> = {
  north: ["UPDATE issues SET status = 'closed' WHERE id = 'well-1'"],
  south: [
    "UPDATE issues SET assignee = 'sam' WHERE id = 'well-1'",
    "INSERT INTO issues (id, title) VALUES ('boat-1', 'Build a ferry')",
  ],
  west: ["UPDATE issues SET title = 'Repair the mill and its wheel' WHERE id = 'mill-1'"],
};

/** The exit code is that of the first database that is not in step. */
export const demoCommand = defineCommand({
  parse: (raw): DemoRequest => ({ dolt: requestedDolt(raw) }),
  run: demo,
  render: (databases) => ({
    json: { towns: databases.map(({ name, result }) => ({ name, result })) },
    text: () => demoText(databases),
  }),
  exitCode: (databases) =>
    databases.map(({ result }) => exitCodeOf(result, 'any')).find((code) => code !== EXIT.ok) ?? EXIT.ok,
});
