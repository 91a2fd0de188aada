import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../core/failure.ts';
import { inPrivateFolder } from '../core/private-folder.ts';
import { listed, plain } from '../core/text.ts';
import { gitAddress, withoutPrefix } from './git-access.ts';
import { manifestTables, missingTables } from './git-manifest.ts';
import { run } from './process.ts';
import type { ProgramContext } from './program-context.ts';
import { textFailure } from './sql/failure.ts';

/** Where Dolt keeps its data in a git repository. */
interface GitPlace {
  readonly peer: string;
  /** What Dolt gets. */
  readonly url: string;
  /** null: Dolt's own ref. */
  readonly ref: string | null;
  /** The folder that holds the `.dolt` of our database, where Dolt keeps the git objects that it sent and received. */
  readonly database: string;
}

const DOLT_REF = 'refs/dolt/data';
/** git starts no work in the background, and can ask for a single file (git-config(1), `protocol.version`). */
const SETTINGS = ['-c', 'gc.auto=0', '-c', 'maintenance.auto=false', '-c', 'protocol.version=2'] as const;

/**
 * Checks that a git remote has every table file that its manifest names. A push can succeed without them (dolt#11323),
 * and our own engine does not notice while it has the chunks itself. Reads the newest commit of the ref with one
 * connection. It transfers only objects that Dolt has not stored beside our database, and no table files if the host
 * can omit them.
 * @throws Failure `missing-table-file`, or with the class of git's output
 */
export async function requireTableFiles(place: GitPlace, program: ProgramContext): Promise<void> {
  await inPrivateFolder({ tempDir: program.privateDir }, 'tables', (repository) => checkIn(repository, place, program));
}

/** @param repository an empty folder for git */
async function checkIn(repository: string, place: GitPlace, program: ProgramContext): Promise<void> {
  const { peer, url, ref } = place;
  const git = async (...words: readonly string[]): Promise<string> => {
    const args = [...SETTINGS, '-C', repository, ...words];
    const { env, signal, secrets } = program;
    const { exitCode, stdout, stderr } = await run('git', args, { env, cwd: repository, signal });
    if (exitCode !== 0) throw textFailure(secrets.redact(stderr.trim()));
    return stdout;
  };
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
function storedObjects({ url, ref, database }: GitPlace): string {
  const name = createHash('sha256')
    .update(`${withoutPrefix(url)}|${ref ?? DOLT_REF}`)
    .digest('hex');
  return join(database, '.dolt', 'git-remote-cache', name, 'repo.git', 'objects');
}
