import { randomUUID } from 'node:crypto';
import { cp } from 'node:fs/promises';
import { openTestDatabase, remoteHead, runNew, type TestDatabase, writeAuthor } from './database.ts';
import type { TempFolder } from './temp-folder.ts';
import { madeOnce } from './templates.ts';

/** A `file://` remote through which databases exchange commits. */
export interface Mailbox {
  readonly path: string;
  readonly url: string;
  /** The head of its branch `main`; null if it has none. */
  head(): Promise<string | null>;
}

/** The databases and their shared commit. */
export interface Scenario<Databases extends string, Mailboxes extends string> {
  database(name: Databases): TestDatabase;
  mailbox(name: Mailboxes): Mailbox;
}

/** The default shared rows of all databases of a scenario. */
const ITEMS = [
  'CREATE TABLE items (id INT PRIMARY KEY, title VARCHAR(100), owner VARCHAR(40))',
  "INSERT INTO items VALUES (1, 'one', 'ann'), (2, 'two', 'bob')",
];

const authorOf = (name: string) => ({
  name: `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
  email: `${name}@example.org`,
});

/** Statements that commit everything; none if nothing changed. */
export function committing(message: string, statements: readonly string[]): readonly string[] {
  return statements.length === 0 ? [] : [...statements, `CALL DOLT_COMMIT('-A', '-m', '${message}')`];
}

/**
 * Databases that share their first commit, each with a commit of its own where statements are given, and mailboxes that
 * hold the shared commit:
 *
 *     const made = await scenario(folder)
 *       .database('north', "UPDATE items SET title = 'N' WHERE id = 1")
 *       .database('south', 'DELETE FROM items WHERE id = 1')
 *       .mailbox('box')
 *       .build();
 *     await made.database('north').head();
 *
 * Each database is in the folder of its name, commits under its name, and knows each mailbox as a remote.
 */
export function scenario(folder: TempFolder): ScenarioBuilder<never, never> {
  return new ScenarioBuilder(folder, { base: ITEMS, databases: [], mailboxes: [] });
}

interface Parts<D, M> {
  readonly base: readonly string[];
  readonly databases: readonly { readonly name: D; readonly statements: readonly string[] }[];
  readonly mailboxes: readonly M[];
}

class ScenarioBuilder<D extends string, M extends string> {
  readonly #folder: TempFolder;
  readonly #parts: Parts<D, M>;

  constructor(folder: TempFolder, parts: Parts<D, M>) {
    this.#folder = folder;
    this.#parts = parts;
  }

  /** The contents of the shared commit, instead of the table `items` with two rows. */
  base(...statements: readonly string[]): ScenarioBuilder<D, M> {
    return new ScenarioBuilder(this.#folder, { ...this.#parts, base: statements });
  }

  /** Adds a database. @param statements committed on top of the shared commit */
  database<const Name extends string>(name: Name, ...statements: readonly string[]): ScenarioBuilder<D | Name, M> {
    const databases = [...this.#parts.databases, { name, statements }];
    return new ScenarioBuilder<D | Name, M>(this.#folder, { ...this.#parts, databases });
  }

  /** Adds a mailbox. */
  mailbox<const Name extends string>(name: Name): ScenarioBuilder<D, M | Name> {
    return new ScenarioBuilder<D, M | Name>(this.#folder, {
      ...this.#parts,
      mailboxes: [...this.#parts.mailboxes, name],
    });
  }

  /** Makes the first database in one process and the others as copies of its folder. */
  async build(): Promise<Scenario<D, M>> {
    const { base, databases, mailboxes } = this.#parts;
    const path = (name: string): string => this.#folder.file(name);
    const [first, ...others] = databases;
    if (first === undefined) throw new Error('a scenario needs a database');
    const published = mailboxes.flatMap((name) => [
      `CALL DOLT_REMOTE('add', '${name}', 'file://${path(name)}')`,
      `CALL DOLT_PUSH('${name}', 'main')`,
    ]);
    const author = authorOf(first.name);
    const key = JSON.stringify([author, base, mailboxes]);
    await madeOnce(key, [path(first.name), ...mailboxes.map(path)], async () => {
      await runNew(path(first.name), author, [...committing('base', base), ...published]);
    });
    for (const { name } of others) {
      await cp(path(first.name), path(name), { recursive: true });
      await writeAuthor(path(name), authorOf(name));
    }
    await Promise.all(
      databases.map(async ({ name, statements }) => {
        if (statements.length > 0) await openTestDatabase(path(name)).sql(...committing(name, statements));
      }),
    );
    return {
      database: (name) => openTestDatabase(path(name)),
      mailbox: (name) => mailboxAt(this.#folder, name),
    };
  }
}

function mailboxAt(folder: TempFolder, name: string): Mailbox {
  const path = folder.file(name);
  const url = `file://${path}`;
  return { path, url, head: () => remoteHead(url, folder.file(`${name}-${randomUUID()}`)) };
}
