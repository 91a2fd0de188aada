import { cp } from 'node:fs/promises';
import { publishing } from '../database.ts';
import { scenario } from '../scenario.ts';
import type { TempFolder } from '../temp-folder.ts';

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

export async function makeScene(folder: TempFolder): Promise<Scene> {
  const made = await scenario(folder)
    .database('ours', ...noise('ours'))
    .database('far', ...noise('far'))
    .database('near', "INSERT INTO items VALUES (3, 'three', 'near')")
    .build();
  const mailbox = folder.file('mailbox');
  const [databaseHead, farHead, nearHead] = await Promise.all([
    made.database('ours').head(),
    made.database('far').head(),
    made.database('near').headAfter(...publishing(`file://${mailbox}`)),
  ]);
  const { path: local } = made.database('ours');
  return { local, databaseHead, near: mailbox, nearHead, far: made.database('far').path, farHead };
}

/** The same scene, of which the database that runs and the `file://` remote are copied to a folder. */
export async function sceneIn(folder: TempFolder, scene: Scene): Promise<Scene> {
  const [local, near] = [folder.file('g', 'ours'), folder.file('near')];
  await cp(scene.local, local, { recursive: true });
  await cp(scene.near, near, { recursive: true });
  return { ...scene, local, near };
}

/** 10,000 rows of 64 bytes that no compression makes smaller, the same for the same name. */
function noise(name: string): readonly string[] {
  const digits = Array.from({ length: 100 }, (_, digit) => `SELECT ${digit}`).join(' UNION ALL ');
  return [
    `CREATE TABLE noise_${name} (id INT PRIMARY KEY, bytes BINARY(64))`,
    `WITH d(n) AS (${digits}) INSERT INTO noise_${name} SELECT a.n * 100 + b.n, UNHEX(SHA2(CONCAT('${name}', a.n * 100 + b.n), 512)) FROM d a, d b`,
  ];
}
