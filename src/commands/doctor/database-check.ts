import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Configuration } from '../../config/configuration.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { checkDatabaseSettings } from '../../dolt/database-settings.ts';
import type { Context } from '../context.ts';
import { locateDatabase } from '../locate-database.ts';
import { fine, missing, refused, untold, warned } from './check.ts';
import { checkLock } from './lock-check.ts';
import { checkMemory } from './memory-check.ts';

interface Wanted {
  readonly database: string | undefined;
  readonly branch: string | undefined;
}

/** `.dolt/repo_state.json`: which branch is checked out (Dolt 2.3.0). */
const stateSchema = z.looseObject({ head: z.string().regex(/^refs\/heads\/./) });

const SUBJECT = { check: 'database' } as const;
const NOWHERE = 'Name its folder with `database`, or set `federation.remote` to clone from the primary.';

export interface CheckedDatabase {
  readonly checks: readonly DoctorCheck[];
  /** Folder of a database that nothing speaks against reading; null where there is none. */
  readonly readable: string | null;
}

/** The database, its branch and who holds it, read from files: Dolt is not asked. */
export async function checkDatabase(
  wanted: Wanted,
  configuration: Configuration,
  context: Context,
): Promise<CheckedDatabase> {
  try {
    const found = await locateDatabase({ database: wanted.database, configuration }, context);
    const primary = configuration.peers.find((peer) => peer.role === 'primary');
    if (found.kind === 'nowhere') return only(missing(SUBJECT, 'there is no database here', NOWHERE));
    if (found.kind === 'to-clone') {
      if (primary === undefined) return only(missing(SUBJECT, `there is no database at ${found.path}`, NOWHERE));
      return only(fine(SUBJECT, `none yet: it would be cloned from ${primary.name} into ${found.path}`));
    }
    await checkDatabaseSettings(found.path);
    const branch = wanted.branch ?? (await checkedOut(found.path));
    const lock = await checkLock(found.path);
    const checks = [
      fine(SUBJECT, found.path),
      ...found.notices.map((notice) => warned(SUBJECT, notice)),
      await checkBranch(found.path, wanted.branch),
      lock,
      ...(await checkMemory(found.path, configuration.peers, branch)),
    ];
    return { checks, readable: lock.status === 'missing' ? null : found.path };
  } catch (thrown) {
    return only(refused(SUBJECT, thrown));
  }
}

function only(check: DoctorCheck): CheckedDatabase {
  return { checks: [check], readable: null };
}

async function checkBranch(database: string, branch: string | undefined): Promise<DoctorCheck> {
  const subject = { check: 'branch' } as const;
  const current = await checkedOut(database);
  if (current === null) return untold(subject, 'which branch is checked out is not told by the files');
  if (branch === undefined || branch === current) return fine(subject, `${current} is checked out`);
  return untold(subject, `${current} is checked out; whether ${branch} exists is told by the engine only`);
}

async function checkedOut(database: string): Promise<string | null> {
  try {
    const text = await readFile(join(database, '.dolt', 'repo_state.json'), 'utf8');
    return stateSchema.safeParse(JSON.parse(text)).data?.head.replace('refs/heads/', '') ?? null;
  } catch {
    return null;
  }
}
