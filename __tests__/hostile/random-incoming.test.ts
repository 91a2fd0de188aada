import { writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { BEADS_RULES } from '../../src/beads/database-rules.ts';
import { ACCEPTS, type Accept } from '../../src/contract/vocabulary.ts';
import { tableChanges } from '../../src/dolt/schema/table-changes.ts';
import { branchHead } from '../../src/dolt/sql/heads.ts';
import { quoted } from '../../src/dolt/sql/identifier.ts';
import type { Database } from '../../src/dolt/sql/sql.ts';
import { futureLimit } from '../../src/sync/incoming/check-peers.ts';
import type { IncomingChanges } from '../../src/sync/incoming/incoming-changes.ts';
import { readIncoming } from '../../src/sync/incoming/read-incoming.ts';
import type { PeerProgress } from '../../src/sync/peer-progress.ts';
import type { TestDatabase } from '../helpers/database.ts';
import { federateIn, filePeer, inDatabase, withEngines } from '../helpers/federating.ts';
import { mailbox } from '../helpers/mailbox.ts';
import { fc, seedOr, timesCases } from '../helpers/property.ts';
import { type TempFolder, tempFolder } from '../helpers/temp-folder.ts';

/** More cases with DOLT_FEDERATION_CASES, others with DOLT_FEDERATION_SEED. */
const CASES = timesCases(5);
const SEED = seedOr(20_261_128);
const PER_CASE_MS = 60_000;
const LARGE = 20;

const rows = (count: number, row: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => row(n)).join();

/** The tables of both, in addition to `items` with 40 rows. */
const BASE = [
  'CREATE TABLE small (id INT PRIMARY KEY, a VARCHAR(20), n INT, updated_at DATETIME)',
  `INSERT INTO small VALUES ${rows(5, (n) => `(${n}, 'a${n}', ${n}, '2026-01-01')`)}`,
  'CREATE TABLE keyless (a INT, b VARCHAR(9))',
  `INSERT INTO keyless VALUES ${rows(24, (n) => `(${n % 9}, 'x')`)}`,
  'CREATE TABLE auto (id INT AUTO_INCREMENT PRIMARY KEY, n INT)',
  `INSERT INTO auto (n) VALUES ${rows(24, (n) => `(${n})`)}`,
  'CREATE TABLE child (id INT PRIMARY KEY, item INT, other INT, FOREIGN KEY (item) REFERENCES items (id) ON DELETE CASCADE, FOREIGN KEY (other) REFERENCES items (id) ON DELETE SET NULL)',
  `INSERT INTO child VALUES ${rows(24, (n) => `(${n}, ${100 + n}, ${139 - n})`)}`,
  'CREATE VIEW v AS SELECT 1',
  'CREATE TRIGGER tr BEFORE INSERT ON small FOR EACH ROW SET NEW.n = NEW.n + 0',
  'CREATE PROCEDURE pr() SELECT 1',
  "INSERT INTO dolt_ignore VALUES ('private%', true)",
];

/** The edits of a side between two commits; edits that others made impossible are skipped. `#` is a small number. */
const STEPS = [
  'INSERT INTO items VALUES (20#, "new", "eve")',
  'UPDATE items SET title = "t#" WHERE id % 4 = 1',
  'DELETE FROM items WHERE id % 7 = #',
  'DELETE FROM items WHERE id > 12#',
  'TRUNCATE items',
  'SET foreign_key_checks = 0; DELETE FROM items WHERE id < 11#',
  'SET foreign_key_checks = 0; CREATE TABLE w LIKE items; DROP TABLE items; RENAME TABLE w TO items',
  'CREATE TABLE w LIKE auto; INSERT INTO w SELECT * FROM auto WHERE id > #; DROP TABLE auto; RENAME TABLE w TO auto',
  'CREATE TABLE w LIKE auto; INSERT INTO w SELECT * FROM auto; DROP TABLE auto; RENAME TABLE w TO auto',
  'CREATE TABLE w LIKE keyless; DROP TABLE keyless; RENAME TABLE w TO keyless',
  'DELETE FROM keyless WHERE a = #',
  'DELETE FROM keyless WHERE a > #',
  'INSERT INTO keyless VALUES (#, "y")',
  'DELETE FROM child WHERE id > 1#',
  'DELETE FROM auto WHERE id > 1#; ALTER TABLE auto AUTO_INCREMENT = 1',
  'INSERT INTO auto (n) VALUES (#)',
  'ALTER TABLE auto AUTO_INCREMENT = 90#',
  'DROP TABLE auto',
  'DROP TABLE small',
  'RENAME TABLE auto TO auto#',
  'RENAME TABLE keyless TO w; RENAME TABLE auto TO keyless; RENAME TABLE w TO auto',
  'ALTER TABLE small DROP COLUMN n; ALTER TABLE small ADD COLUMN n INT DEFAULT #',
  'ALTER TABLE small DROP COLUMN a',
  'ALTER TABLE small ADD COLUMN c# INT',
  'ALTER TABLE small MODIFY n BIGINT',
  'ALTER TABLE small DROP PRIMARY KEY; ALTER TABLE small ADD PRIMARY KEY (n)',
  'ALTER TABLE auto MODIFY id INT; ALTER TABLE auto DROP PRIMARY KEY; ALTER TABLE auto ADD PRIMARY KEY (n)',
  'ALTER TABLE small ADD CONSTRAINT k# CHECK (SLEEP(0) = 0)',
  'ALTER TABLE small ADD CONSTRAINT m# CHECK (n < 900)',
  'ALTER TABLE small ALTER COLUMN n SET DEFAULT (RAND())',
  'ALTER TABLE small ADD INDEX x# (n)',
  'ALTER TABLE small COMMENT = "c#"',
  'CALL DOLT_UPDATE_COLUMN_TAG("auto", "n", 471#)',
  'CALL DOLT_UPDATE_COLUMN_TAG("items", "id", 472#)',
  'UPDATE small SET updated_at = "9999-01-01" WHERE id = #',
  'UPDATE small SET a = "b#", updated_at = NOW() WHERE id = #',
  'DELETE FROM small WHERE id = #',
  'CREATE TABLE fresh# (id INT PRIMARY KEY, n INT DEFAULT (SLEEP(0)))',
  'CREATE TABLE plain# (id INT PRIMARY KEY, n INT)',
  'CREATE TABLE private_notes (id INT PRIMARY KEY, t VARCHAR(9)); CALL DOLT_ADD("-f", "private_notes")',
  'CREATE TABLE Private_# (id INT PRIMARY KEY); CALL DOLT_ADD("-f", "Private_#")',
  'DELETE FROM dolt_ignore',
  'INSERT INTO dolt_ignore VALUES ("other#%", true)',
  'UPDATE dolt_ignore SET ignored = false',
  'CREATE TRIGGER new# BEFORE UPDATE ON items FOR EACH ROW SET NEW.owner = "x"',
  'DROP TRIGGER tr; CREATE TRIGGER tr BEFORE INSERT ON small FOR EACH ROW SET NEW.n = #',
  'DROP TRIGGER tr',
  'DROP VIEW v; CREATE VIEW v AS SELECT #',
  'DROP VIEW v',
  'DROP TABLE dolt_procedures; CREATE PROCEDURE pr() SELECT #',
  'CREATE PROCEDURE pr#() SELECT 1',
  'CREATE EVENT ev# ON SCHEDULE EVERY 1 DAY DO SELECT 1',
  'INSERT INTO dolt_docs VALUES ("README.md", "#")',
  'ALTER DATABASE COLLATE utf8mb4_general_ci',
] as const;
/** The local edits: none of them would be refused. */
const OWN = [
  'INSERT INTO items VALUES (30#, "own", "sue")',
  'UPDATE items SET owner = "sue" WHERE id % 5 = #',
  'INSERT INTO child VALUES (5#, 101, NULL)',
  'INSERT INTO auto (n) VALUES (5#)',
  'INSERT INTO keyless VALUES (2, "own")',
  'UPDATE small SET a = "own", updated_at = NOW() WHERE id = #',
  'ALTER TABLE small ADD COLUMN own INT',
] as const;

/** Changes that Dolt does not show are taken more often. */
const SILENT = STEPS.filter((step) => /RENAME TABLE w|COLUMN_TAG|DROP PRIMARY KEY/.test(step));
const steps = (from: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...from), fc.nat(9)).map(([step, digit]) => step.replaceAll('#', String(digit)));
const plans = fc.record({
  theirs: fc.array(fc.array(steps([...STEPS, ...SILENT, ...SILENT]), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  }),
  ours: fc.array(steps(OWN), { maxLength: 2 }),
});

/** A commit, read without any code of ours: hash, definition and rows of each table, code, and what is ignored. */
interface Contents {
  readonly tables: ReadonlyMap<
    string,
    {
      readonly hash: string;
      readonly create: string;
      /** By the key that the definition has, or else by a given one. */
      readonly rows: (key?: Key) => readonly string[];
      readonly key: Key;
    }
  >;
  readonly code: ReadonlySet<string>;
  readonly views: ReadonlySet<string>;
  readonly ignored: string;
}

/** The columns of a primary key; undefined: none. */
type Key = readonly string[] | undefined;

const cells = z.record(z.string(), z.unknown());

async function contentsOf(database: Database, commit: string): Promise<Contents> {
  return await database.session(async (sql) => {
    await sql.run(`USE ${quoted(`${database.name}/${commit}`)}`);
    const names = (await sql.rows(cells, "SHOW FULL TABLES WHERE table_type = 'BASE TABLE'")).map((row) =>
      String(Object.values(row)[0]),
    );
    const tables: Map<string, NonNullable<ReturnType<Contents['tables']['get']>>> = new Map();
    for (const name of names) {
      const [hash] = await sql.rows(cells, 'SELECT dolt_hashof_table(?) AS h', [name]);
      const [create] = await sql.rows(cells, `SHOW CREATE TABLE ${quoted(name)}`);
      const found = await sql.rows(cells, `SELECT * FROM ${quoted(name)}`);
      const text = String(create?.['Create Table']);
      const key = /PRIMARY KEY \(([^)]*)\)/.exec(text)?.[1]?.replaceAll('`', '').split(',');
      const byKey = (by: Key = key) => found.map((row) => JSON.stringify(by?.map((one) => row[one]) ?? row));
      tables.set(name, { hash: String(hash?.['h']), create: text, rows: byKey, key });
    }
    const schemas = await sql.rows(cells, 'SELECT type, name, fragment FROM dolt_schemas');
    const procedures = await sql.rows(cells, 'SELECT name, create_stmt FROM dolt_procedures');
    const texts = (some: readonly z.infer<typeof cells>[]): string[] => some.map((row) => JSON.stringify(row));
    return {
      tables,
      code: new Set([...texts(schemas.filter((row) => row['type'] !== 'view')), ...texts(procedures)]),
      views: new Set(texts(schemas.filter((row) => row['type'] === 'view'))),
      ignored: JSON.stringify(await sql.rows(cells, 'SELECT * FROM dolt_ignore ORDER BY pattern')),
    };
  });
}

/** Rows of ours that the new head lacks, in the table of any name, because a table may be renamed. */
function gone(name: string, ours: Contents, after: Contents): number {
  const { rows = () => [], key } = ours.tables.get(name) ?? {};
  const had = rows();
  return Math.min(had.length, ...[...after.tables.values()].map((table) => missing(had, table.rows(key))));
}

function missing(had: readonly string[], has: readonly string[]): number {
  const left = new Map<string, number>();
  for (const row of has) left.set(row, (left.get(row) ?? 0) + 1);
  return had.filter((row) => {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    return count <= 0;
  }).length;
}

/** The effects that a head without any `accept` must not have. */
function intruders(ours: Contents, after: Contents): string[] {
  const found: string[] = [];
  for (const [name, { rows, create }] of ours.tables) {
    const had = rows();
    const now = after.tables.get(name);
    const lost = gone(name, ours, after);
    if (now === undefined && lost === had.length) found.push(`${name} is gone`);
    if (had.length >= LARGE && lost * 2 > had.length) found.push(`${name} lost most of its rows`);
    if (now !== undefined && /SLEEP\(|RAND\(/i.test(now.create) && !/SLEEP\(|RAND\(/i.test(create))
      found.push(`${name} calls`);
  }
  for (const [name, { create, rows: has }] of after.tables) {
    if (ours.tables.has(name)) continue;
    if (/^private/i.test(name)) found.push(`${name} was private`);
    if (/SLEEP\(|RAND\(/i.test(create)) found.push(`${name} is new and calls`);
    if (has().some((row) => row.includes('9999-'))) found.push(`${name} has a date ahead`);
  }
  for (const text of after.code) if (!ours.code.has(text)) found.push(`code: ${text}`);
  if (after.ignored !== ours.ignored) found.push('dolt_ignore differs');
  return found;
}

/** The changes of a merge that the check did not see. */
function unseen(
  seen: { readonly incoming: IncomingChanges; readonly names: ReadonlySet<string> },
  ours: Contents,
  after: Contents,
): string[] {
  const { incoming, names } = seen;
  const found: string[] = [];
  for (const name of new Set([...ours.tables.keys(), ...after.tables.keys()])) {
    if (ours.tables.get(name)?.hash !== after.tables.get(name)?.hash && !names.has(name)) found.push(`table ${name}`);
    const isGone = ours.tables.has(name) && !after.tables.has(name);
    if (isGone && !incoming.dropped.includes(name) && !names.has(name)) found.push(`dropped ${name}`);
  }
  const known = new Set(incoming.definitions.map((one) => one.name));
  const differing = [...after.code, ...after.views].filter((text) => !ours.code.has(text) && !ours.views.has(text));
  for (const text of differing)
    if (!known.has(z.object({ name: z.string() }).parse(JSON.parse(text)).name)) found.push(text);
  if (ours.ignored !== after.ignored && incoming.localTables.length === 0) found.push('dolt_ignore');
  return found;
}

async function play(
  local: TestDatabase,
  folder: TempFolder,
  uncommitted: readonly string[],
  commits: readonly (readonly string[])[],
): Promise<void> {
  const steps = commits.flatMap((commit) => [...commit, "CALL DOLT_COMMIT('-A', '-m', 'step', '--allow-empty')"]);
  const file = folder.file('steps.sql');
  await writeFile(file, [...uncommitted, ...steps].map((one) => `${one};\n`).join(''));
  await local.dolt('sql', '--continue', '--file', file);
}

/** Compares the contents of both heads with what the check saw, in the engine of the runs. */
async function expectSeen(
  database: Database,
  run: { readonly ours: string; readonly head: string; readonly plain: PeerProgress; readonly accepted: PeerProgress },
): Promise<void> {
  const { ours, head, plain, accepted } = run;
  const theirs = accepted.head ?? '';
  const [before, after] = [await contentsOf(database, ours), await contentsOf(database, head)];
  if (plain.failure === null) expect(intruders(before, after)).toEqual([]);
  expect(await database.rows(cells, 'SELECT t FROM private_notes')).toEqual([{ t: 'ours' }]);
  const incoming = await readIncoming(
    database,
    { ours, theirs, branch: 'main', rules: BEADS_RULES, shared: [], maxDelete: 50 },
    futureLimit(),
  );
  if (incoming === null) return expect(head).toBe(ours);
  const [base] = await database.rows(z.object({ b: z.string() }), 'SELECT dolt_merge_base(?, ?) AS b', [ours, theirs]);
  const changes = await tableChanges(database, base?.b ?? '', theirs);
  const names = new Set(changes.flatMap(({ from, to }) => [from ?? '', to ?? '']));
  expect(unseen({ incoming, names }, before, after)).toEqual([]);
}

test(
  `a merge changes only rows that the check saw (seed ${SEED})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ theirs, ours: own }) => {
        await using folder = await tempFolder();
        const box = await mailbox(folder, ...BASE);
        await play(box.north, folder, [], theirs);
        await box.north.sql("CALL DOLT_PUSH('mailbox', 'main')");
        const secret = [
          'CREATE TABLE private_notes (id INT PRIMARY KEY, t VARCHAR(9))',
          "INSERT INTO private_notes VALUES (1, 'ours')",
        ];
        await play(box.south, folder, secret, own.length > 0 ? [own] : []);
        await withEngines(box.south.path, folder.file('tmp'), async (engines) => {
          const receive = async (accept: readonly Accept[] = []) =>
            (await federateIn(engines, { peers: [{ ...filePeer('partner', folder.file('mailbox')), accept }] })).run(
              'partner',
            );
          const head = () => inDatabase(engines, async (database) => (await branchHead(database, 'main')) ?? '');
          const ours = await head();
          const plain = await receive();
          if (plain.failure !== null) expect(await head()).toBe(ours);
          const accepted = plain.failure === null ? plain : await receive(ACCEPTS);
          const after = await head();
          expect(accepted.failure?.code).not.toBe('unknown');
          if (accepted.failure !== null) expect(after).toBe(ours);
          await inDatabase(engines, (database) => expectSeen(database, { ours, plain, accepted, head: after }));
        });
      }),
      { numRuns: CASES, seed: SEED, endOnFailure: true },
    );
  },
  PER_CASE_MS * CASES,
);
