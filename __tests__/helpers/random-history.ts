import type { RunResult } from '../../src/contract/result.ts';
import { command } from './commanding.ts';
import type { TestDatabase } from './database.ts';
import { fc } from './property.ts';
import { scenario } from './scenario.ts';
import { type TempFolder, tempFolder } from './temp-folder.ts';

export const DATABASES = ['north', 'east', 'south'] as const;
type Name = (typeof DATABASES)[number];

/** One action of a database between two syncs. `row` and `value` choose among the existing rows. */
interface Planned {
  readonly kind: (typeof KINDS)[number];
  readonly row: number;
  readonly value: number;
}

const KINDS = [
  ...['insert', 'collide', 'name', 'name', 'slug', 'slug', 'rotate', 'rotate', 'delete', 'document', 'document'],
  ...['rename', 'column', 'computed', 'index', 'squash'],
] as const;

/** Per round, what each database does; then all sync, in the order given. */
export interface Plan {
  readonly rounds: readonly Readonly<Record<Name, readonly Planned[]>>[];
  readonly order: readonly Name[];
}

const planned: fc.Arbitrary<Planned> = fc.record({
  kind: fc.constantFrom(...KINDS),
  row: fc.nat(9),
  value: fc.nat(2),
});
const edits = fc.array(planned, { maxLength: 4 });

export const plans: fc.Arbitrary<Plan> = fc.record({
  rounds: fc.array(fc.record({ north: edits, east: edits, south: edits }), { minLength: 1, maxLength: 2 }),
  order: fc.shuffledSubarray([...DATABASES], { minLength: 3, maxLength: 3 }),
});

/** A row as `dolt sql` prints it; absent: NULL. */
type Row = Readonly<Record<string, unknown>>;

/** A change of a row: its time and kind. */
interface Deed {
  readonly key: string;
  readonly round: number;
  readonly by: Name;
  readonly kind: 'added' | 'changed' | 'removed';
}

/** A value of ours that a run replaced, and that its report does not name. */
interface Unreported {
  readonly by: Name;
  readonly key: string;
  readonly column: string;
}

export interface Outcome {
  readonly deeds: readonly Deed[];
  /** The rows of each database at the end, by key. */
  readonly rows: Readonly<Record<Name, ReadonlyMap<string, Row>>>;
  /** `dolt_hashof_db()` of each database at the end. */
  readonly hashes: readonly string[];
  /** Codes of all refusals of the last lap. */
  readonly refusals: readonly string[];
  /** Keys of rows that some report lists as unresolved. */
  readonly unresolved: ReadonlySet<string>;
  readonly unreported: readonly Unreported[];
  readonly codes: ReadonlySet<string>;
  /** Messages of errors that have no code of their own. */
  readonly unknown: readonly string[];
}

const BASE = [
  'CREATE TABLE t (id VARCHAR(20) PRIMARY KEY, name VARCHAR(40), slug VARCHAR(40) UNIQUE, pos INT UNIQUE, doc JSON)',
  `INSERT INTO t VALUES ${[0, 1, 2, 3, 4, 5].map((n) => `('b${n}', 'name ${n}', 'slug ${n}', ${n}, '{"a": ${n}}')`)}`,
];

/** Laps after the last edit: enough for three databases with one peer to agree. */
const LAPS = 4;

/** Plays a plan with real databases over one shared peer, in a folder of its own. */
export async function playPlan(plan: Plan): Promise<Outcome> {
  await using folder = await tempFolder();
  return await new Play(folder, plan).run();
}

class Play {
  readonly #folder: TempFolder;
  readonly #plan: Plan;
  readonly #databases = new Map<Name, TestDatabase>();
  readonly #deeds: Deed[] = [];
  readonly #unresolved = new Set<string>();
  readonly #unreported: Unreported[] = [];
  readonly #codes = new Set<string>();
  readonly #unknown: string[] = [];
  /** The heads of the databases, as far as they are known. */
  readonly #heads = new Map<Name, string>();
  #number = 0;

  constructor(folder: TempFolder, plan: Plan) {
    this.#folder = folder;
    this.#plan = plan;
  }

  async run(): Promise<Outcome> {
    await this.#prepare();
    let refusals: string[] = [];
    for (const [round, edits] of this.#plan.rounds.entries()) {
      for (const name of DATABASES) await this.#edit(name, edits[name], round);
      refusals = await this.#lap();
    }
    for (let lap = 0; lap < LAPS; lap += 1) refusals = await this.#lap();
    const rows = {
      north: await this.#rows('north'),
      east: await this.#rows('east'),
      south: await this.#rows('south'),
    };
    const hashes = await Promise.all(
      DATABASES.map(async (name) =>
        String((await this.#database(name).rows('SELECT dolt_hashof_db() AS h'))[0]?.['h']),
      ),
    );
    return {
      ...{ deeds: this.#deeds, rows, hashes, refusals, codes: this.#codes, unknown: this.#unknown },
      ...{ unresolved: this.#unresolved, unreported: this.#unreported },
    };
  }

  #database(name: Name): TestDatabase {
    const local = this.#databases.get(name);
    if (local === undefined) throw new Error(`${name} is not made yet`);
    return local;
  }

  async #prepare(): Promise<void> {
    const made = await scenario(this.#folder)
      .base(...BASE)
      .database('north')
      .database('east')
      .database('south')
      .mailbox('box')
      .build();
    for (const name of DATABASES) this.#databases.set(name, made.database(name));
  }

  get #url(): string {
    return `file://${this.#folder.file('box')}`;
  }

  async #rows(name: Name): Promise<Map<string, Row>> {
    const rows = await this.#database(name).rows('SELECT * FROM t ORDER BY id');
    return new Map(rows.map((row) => [String(row['id']), row]));
  }

  /** One sync of every database, in the plan's order. @returns the codes of all refusals */
  async #lap(): Promise<string[]> {
    const refusals: string[] = [];
    for (const name of this.#plan.order) {
      const local = this.#database(name);
      const before = this.#heads.get(name) ?? (await local.head());
      const { result } = await command(this.#folder, `box: ${this.#url}`, { database: name });
      this.#heads.set(name, result.head ?? before);
      for (const peer of result.peers) {
        if (peer.error !== null) this.#codes.add(peer.error.code);
        if (peer.error?.code === 'unknown') this.#unknown.push(peer.error.message);
        if (peer.status === 'failed' || (peer.error !== null && peer.state === 'diverged')) {
          refusals.push(peer.error?.code ?? 'unknown');
        } else if (peer.error !== null && !peer.verified) refusals.push(peer.error.code);
      }
      await this.#checkReport(name, before, result);
    }
    return refusals;
  }

  /** Every value of ours that a run replaced must be in its report. */
  async #checkReport(name: Name, before: string, result: RunResult): Promise<void> {
    const [local, remote] = [this.#database(name), result.peers[0]?.remoteHead ?? null];
    for (const { key, left } of result.peers.flatMap(({ conflicts }) => conflicts)) {
      if (left) this.#unresolved.add(String(key['id']));
    }
    if (result.head === null || result.head === before || remote === null) return;
    const reported = new Set(
      result.peers.flatMap(({ conflicts }) =>
        conflicts.flatMap(({ key, columns }) => columns.map((column) => `${key['id']}/${column.split(/[.$]/)[0]}`)),
      ),
    );
    // A value that a fast-forward took from another database belongs to that database, which reports it.
    const own = new Set(this.#deeds.flatMap(({ key, by }) => (by === name ? [key] : [])));
    for (const { key, column } of await this.#lostCells(local, before, result.head)) {
      if (own.has(key) && !reported.has(`${key}/${column}`)) this.#unreported.push({ by: name, key, column });
    }
  }

  /** Cells that our head changed since the merge base, and that have another value in the merge of this run. */
  async #lostCells(local: TestDatabase, before: string, after: string): Promise<{ key: string; column: string }[]> {
    const [merge] = await local.rows(`SELECT parents FROM dolt_log('${after}', '--parents') LIMIT 1`);
    const parents = String(merge?.['parents']).split(', ');
    const theirs = parents.find((parent) => parent !== before);
    if (!parents.includes(before) || theirs === undefined) return [];
    const [common] = await local.rows(`SELECT dolt_merge_base('${before}', '${theirs}') AS h`);
    const commits = [String(common?.['h']), before, after];
    const [base, ours, now] = (await local.read(...commits.map((commit) => `SELECT * FROM t AS OF '${commit}'`))).map(
      (found) => new Map(found.map((row) => [String(row['id']), row])),
    );
    if (base === undefined || ours === undefined || now === undefined) return [];
    return [...ours].flatMap(([key, row]) => {
      const [was, is] = [base.get(key), now.get(key)];
      if (was === undefined || is === undefined) return [];
      const changed = ['name', 'slug', 'pos'].filter((column) => row[column] !== was[column]);
      return changed.flatMap((column) => (is[column] === row[column] ? [] : [{ key, column }]));
    });
  }

  async #edit(name: Name, edits: readonly Planned[], round: number): Promise<void> {
    for (const edit of edits) await this.#do(name, edit, round);
  }

  async #do(name: Name, { kind, row, value }: Planned, round: number): Promise<void> {
    const local = this.#database(name);
    const rows = [...(await this.#rows(name)).values()];
    const chosen = rows[row % Math.max(rows.length, 1)];
    const other = rows[(row + 1 + value) % Math.max(rows.length, 1)];
    const id = String(chosen?.['id']);
    this.#number += 1;
    const number = this.#number;
    const note = (key: string, what: Deed['kind']) => this.#deeds.push({ key, round, by: name, kind: what });
    const commit = async (...statements: string[]) => {
      this.#heads.set(name, await local.commit(`${kind} ${number}`, ...statements));
    };
    switch (kind) {
      case 'insert':
        note(`r${number}`, 'added');
        await commit(
          `INSERT INTO t (id, name, slug, pos, doc) VALUES ('r${number}', 'new ${number}', 'new ${number}', ${100 + number}, '{}')`,
        );
        return;
      case 'collide': {
        const key = `c${round}${value}`;
        if (rows.some((one) => one['id'] === key)) return;
        note(key, 'added');
        await commit(
          `INSERT INTO t (id, name, slug, pos) VALUES ('${key}', 'of ${name}', 'of ${name} ${number}', ${100 + number})`,
        );
        return;
      }
      case 'column':
        if (chosen !== undefined && (await this.#hasColumn(local, `c${value}`))) return;
        await commit(`ALTER TABLE t ADD COLUMN c${value} INT DEFAULT ${value}`);
        return;
      case 'computed':
        if (await this.#hasColumn(local, 'made')) return;
        await commit('ALTER TABLE t ADD COLUMN made DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)');
        return;
      case 'index':
        if ((await local.rows("SHOW INDEX FROM t WHERE Key_name = 'by_name'")).length > 0) return;
        await commit('CREATE INDEX by_name ON t (name)');
        return;
      case 'squash': {
        const [first] = await local.rows("SELECT commit_hash AS h FROM dolt_log() WHERE message = 'base'");
        if (value > 0 || first === undefined) return;
        this.#heads.set(
          name,
          await local.headAfter(
            `CALL DOLT_RESET('--soft', '${first['h']}')`,
            `CALL DOLT_COMMIT('-A', '--allow-empty', '-m', 'squash ${number}')`,
          ),
        );
        return;
      }
    }
    if (chosen === undefined || other === undefined) return;
    switch (kind) {
      case 'name':
        note(id, 'changed');
        await commit(`UPDATE t SET name = 'name of ${name} ${number}' WHERE id = '${id}'`);
        return;
      case 'slug':
        if (rows.some((one) => one['slug'] === `shared ${value}`)) return;
        note(id, 'changed');
        await commit(`UPDATE t SET slug = 'shared ${value}' WHERE id = '${id}'`);
        return;
      case 'rotate':
        if (id === String(other['id'])) return;
        for (const key of [id, String(other['id'])]) note(key, 'changed');
        await commit(
          `UPDATE t SET pos = NULL WHERE id = '${id}'`,
          `UPDATE t SET pos = NULL WHERE id = '${other['id']}'`,
          `UPDATE t SET pos = ${other['pos'] ?? 'NULL'} WHERE id = '${id}'`,
          `UPDATE t SET pos = ${chosen['pos'] ?? 'NULL'} WHERE id = '${other['id']}'`,
        );
        return;
      case 'delete':
        note(id, 'removed');
        await commit(`DELETE FROM t WHERE id = '${id}'`);
        return;
      case 'document':
        note(id, 'changed');
        await commit(`UPDATE t SET doc = JSON_SET(COALESCE(doc, '{}'), '$.k${value}', ${number}) WHERE id = '${id}'`);
        return;
      case 'rename':
        note(id, 'removed');
        note(`x${id}`.slice(0, 20), 'added');
        await commit(`UPDATE t SET id = '${`x${id}`.slice(0, 20)}' WHERE id = '${id}'`);
        return;
    }
  }

  async #hasColumn(local: TestDatabase, column: string): Promise<boolean> {
    return (await local.rows(`SHOW COLUMNS FROM t LIKE '${column}'`)).length > 0;
  }
}
