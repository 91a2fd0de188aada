import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cloneDatabase, makeDatabase, type TestDatabase } from '../database.ts';

/**
 * Three databases with a shared history and changes of their own, two of them with half a megabyte that cannot be
 * compressed.
 */
export interface Scene {
  /** The database that runs. */
  readonly local: string;
  readonly databaseHead: string;
  /** A `file://` remote with a small commit of its own. */
  readonly near: string;
  readonly nearHead: string;
  /** A database whose branch the far remote begins with. */
  readonly far: string;
  readonly farHead: string;
}

export async function makeScene(path: string): Promise<Scene> {
  const place = async (name: string) => {
    await mkdir(join(path, name), { recursive: true });
    return join(path, name, 'local');
  };
  const start = `file://${join(path, 'start')}`;
  const first = await makeDatabase(await place('founder'));
  await first.dolt('remote', 'add', 'start', start);
  await first.dolt('push', 'start', 'main');
  const clone = async (name: string): Promise<TestDatabase> => {
    const local = await cloneDatabase(start, await place(name));
    await local.dolt('remote', 'remove', 'origin');
    return local;
  };
  const local = await clone('ours');
  const far = await clone('far');
  const near = await clone('near');
  const mailbox = join(path, 'mailbox');
  const nearHead = await near.commit('a row', "INSERT INTO items VALUES (3, 'three', 'near')");
  await near.dolt('remote', 'add', 'mailbox', `file://${mailbox}`);
  await near.dolt('push', 'mailbox', 'main');
  return {
    local: local.path,
    databaseHead: await local.commit('our noise', ...noise('ours')),
    near: mailbox,
    nearHead,
    far: far.path,
    farHead: await far.commit('far noise', ...noise('far')),
  };
}

/** 10,000 rows of 64 bytes that no compression makes smaller, the same for the same name. */
function noise(name: string): readonly string[] {
  const digits = Array.from({ length: 100 }, (_, digit) => `SELECT ${digit}`).join(' UNION ALL ');
  return [
    `CREATE TABLE noise_${name} (id INT PRIMARY KEY, bytes BINARY(64))`,
    `WITH d(n) AS (${digits}) INSERT INTO noise_${name} SELECT a.n * 100 + b.n, UNHEX(SHA2(CONCAT('${name}', a.n * 100 + b.n), 512)) FROM d a, d b`,
  ];
}
