import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DOLT_REF } from '../contract/dolt-ref.ts';
import { Failure } from '../core/failure.ts';
import { inPrivateFolder } from '../core/private-folder.ts';
import { listed, plain } from '../core/text.ts';
import { type GitPlace, gitAddress, gitIn, withoutPrefix } from './git-access.ts';
import { manifestTables, missingTables } from './git-manifest.ts';
import type { ProgramContext } from './program-context.ts';

/** A git repository that a database knows. */
interface KnownPlace extends GitPlace {
  /** The folder that holds the `.dolt` of our database, where Dolt keeps the git objects that it sent and received. */
  readonly database: string;
}

/**
 * Checks that a git remote has every table file that its manifest names. A push can succeed without them (dolt#11323),
 * and our own engine does not notice while it has the chunks itself. Reads the newest commit of the ref with one
 * connection. It transfers only objects that Dolt has not stored beside our database, and no table files if the host
 * can omit them.
 * @throws Failure `missing-table-file`, or with the class of git's output
 */
export async function requireTableFiles(place: KnownPlace, program: ProgramContext): Promise<void> {
  await inPrivateFolder({ tempDir: program.privateDir }, 'tables', (repository) => checkIn(repository, place, program));
}

/** @param repository an empty folder for git */
async function checkIn(repository: string, place: KnownPlace, program: ProgramContext): Promise<void> {
  const { peer, url, ref } = place;
  const git = gitIn(repository, program);
  await git('init', '--quiet', '--bare');
  await writeFile(join(repository, 'objects', 'info', 'alternates'), `${storedObjects(place)}\n`);
  await git('fetch', '--quiet', '--no-tags', '--filter=blob:none', '--', gitAddress(url), ref ?? DOLT_REF);
  const blobs = (await git('ls-tree', '-r', '-z', '--name-only', 'FETCH_HEAD')).split('\0');
  if (!blobs.includes('manifest')) throw missing(peer, 'has no manifest');
  const tables = manifestTables(await git('cat-file', 'blob', 'FETCH_HEAD:manifest'));
  if (tables === null) throw missing(peer, 'has a manifest that Dolt cannot read');
  const lacking = missingTables(tables, blobs);
  if (lacking.length > 0)
    throw missing(peer, `names ${listed('table file', lacking.map(plain))} and does not have them`);
}

function missing(peer: string, what: string): Failure {
  return new Failure('missing-table-file', `the git repository of ${peer} ${what}`);
}

/** git ignores a folder that does not exist (Dolt 2.3.0, dbfactory/git_remote.go: cacheRepoPath). */
function storedObjects({ url, ref, database }: KnownPlace): string {
  const name = createHash('sha256')
    .update(`${withoutPrefix(url)}|${ref ?? DOLT_REF}`)
    .digest('hex');
  return join(database, '.dolt', 'git-remote-cache', name, 'repo.git', 'objects');
}
