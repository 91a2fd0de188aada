import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { distance } from 'fastest-levenshtein';
import type { BdServer } from '../../beads/bd-server.ts';
import { type BdUsage, beadsDatabase, type WorkspaceSearch } from '../../beads/workspace.ts';
import type { Configuration, Origin } from '../../config/configuration.ts';
import { baseOfDatabase } from '../../config/load.ts';
import { DATA_FOLDERS } from '../../config/workspace/project-files.ts';
import { ERRORS } from '../../contract/error-codes.ts';
import {
  type Boundary,
  type BoundaryContext,
  boundaryOf,
  requireTreeWithin,
  requireWithin,
} from '../../core/boundary.ts';
import type { Diagnostic } from '../../core/diagnostic.ts';
import { errorMessage, Failure, type Location, systemCode } from '../../core/failure.ts';
import { isSamePath } from '../../core/files.ts';
import { isDatabase } from '../../dolt/database-files.ts';
import type { Context } from '../context.ts';
import { bootstrapPeer, placeOfClone } from './cache/clone-place.ts';
import { requireSameSource } from './cache/clone-source.ts';

interface Wanted {
  /** The path that the user named with the flag or the input. */
  readonly database: string | undefined;
  readonly configuration: Pick<Configuration, 'workspace' | 'database' | 'redirect' | 'bdEnv' | 'peers'>;
  /** The peer to clone from; absent: the primary. A named folder may then be created. */
  readonly bootstrap?: string | undefined;
  /** The branch that the user named; absent: the default branch of a clone. */
  readonly branch?: string | undefined;
  /** The action if the named folder does not exist; absent: clone a peer into it. */
  readonly ifAbsent?: string;
}

const CLONE_INTO = 'To clone a peer into a new folder, run `sync` with `--bootstrap` and the name of the peer.';

type SearchContext = Pick<Context, 'cwd' | 'ceiling' | 'cloneDir' | 'env' | 'userHome'> & BoundaryContext;

/** The path of the database, or the path to clone it to. */
export type Found =
  | {
      readonly kind: 'database';
      readonly path: string;
      /** The server that bd uses for it; null: none is known. */
      readonly server: BdServer | null;
      /** null: bd does not use it. */
      readonly bd: BdUsage | null;
      readonly notices: readonly Diagnostic[];
    }
  | { readonly kind: 'to-clone'; readonly path: string; readonly bd: BdUsage | null }
  /** At a server whose folder is unknown; `failure` refuses it where no server can be used. */
  | { readonly kind: 'at-server'; readonly server: BdServer | null; readonly failure: Failure }
  | { readonly kind: 'nowhere' };

/**
 * Finds the database: the folder named by flag, input, variable or the key `federation.database`; then the one of the
 * beads workspace; then the nearest parent folder that holds `.dolt`.
 * @throws Failure `no-database` if the named folder is not a database, `outside-workspace` if it is outside the
 * boundary, `workspace-unknown` and other errors of `beadsDatabase`
 */
export async function locateDatabase(wanted: Wanted, context: SearchContext): Promise<Found> {
  const { cwd, ceiling, cloneDir, env, userHome } = context;
  const boundary = await boundaryOf(context, [wanted.database]);
  const { workspace, redirect, bdEnv } = wanted.configuration;
  const search: WorkspaceSearch = { workspace, redirect, bdEnv, cwd, env, userHome, boundary };
  const named = nameOf(wanted, cwd);
  if (named !== null) {
    const { bootstrap, ifAbsent = CLONE_INTO } = wanted;
    const found = await atNamed(named, search, { mayClone: bootstrap !== undefined, ifAbsent });
    return await withOther(found, named, cwd);
  }
  const unnamed = async (path: string, facts?: Facts) => {
    await requireInside(path, boundary);
    if (cloneDir !== null) await requireSameSource(path, bootstrapPeer(wanted.configuration.peers, wanted.bootstrap));
    return await at(path, facts);
  };
  const beads = await beadsDatabase(search);
  if (beads?.kind === 'at-server') return beads;
  if (beads !== null) return await unnamed(beads.path, beads);
  const upward = await nearest(cwd, ceiling);
  if (upward !== null) return await unnamed(upward);
  if (cloneDir === null) return { kind: 'nowhere' };
  return await amongClones(wanted, cloneDir, boundary);
}

/** The clone that this step would make, if an earlier step made it, else the place to make it. */
async function amongClones(
  { configuration: { peers }, bootstrap, branch }: Wanted,
  cloneDir: string,
  boundary: Boundary | null,
): Promise<Found> {
  const source = bootstrapPeer(peers, bootstrap);
  if (source === undefined) return { kind: 'nowhere' };
  const path = await placeOfClone(source, branch, cloneDir);
  await requireInside(path, boundary);
  return await at(path);
}

/** The kind of a path. */
async function at(path: string, { server, bd, notices }: Facts = NO_FACTS): Promise<Found> {
  if (!(await holdsDolt(path))) return { kind: 'to-clone', path, bd };
  return { kind: 'database', path, server, bd, notices: [...notices, ...(await nestedDatabases(path))] };
}

type Facts = Pick<Extract<Found, { kind: 'database' }>, 'server' | 'bd' | 'notices'>;
const NO_FACTS: Facts = { server: null, bd: null, notices: [] };

/** A folder that the user named, and how. */
interface Named {
  readonly path: string;
  readonly written: string;
  /** The folder that it is relative to. */
  readonly base: string;
  /** Who or what named it, for messages. */
  readonly by: string;
  /** The place in a file that names it. */
  readonly origin: Location | undefined;
}

function nameOf({ database, configuration }: Wanted, cwd: string): Named | null {
  if (database !== undefined)
    return { path: resolve(cwd, database), written: database, base: cwd, by: '`--database`', origin: undefined };
  const { value, origin } = configuration.database;
  if (value === null) return null;
  const file = origin.layer === 'file' ? origin.location : undefined;
  const base = baseOfDatabase(configuration.database, cwd);
  return { path: resolve(base, value), written: value, base, by: nameOfOrigin(origin), origin: file };
}

function nameOfOrigin(origin: Origin): string {
  return origin.layer === 'environment' ? `the variable ${origin.variable}` : '`federation.database`';
}

/** Adds a notice if the configuration names another database than the one that `dolt` would use in the working directory. */
async function withOther(found: Found, { base, by, origin }: Named, cwd: string): Promise<Found> {
  if (found.kind !== 'database' || origin === undefined) return found;
  const top = basename(base) === '.beads' ? dirname(base) : base;
  const here = await nearest(cwd, top).catch(() => null);
  if (here === null || !here.startsWith(top + sep) || (await isSamePath(here, found.path))) return found;
  const message = `the working directory is in the database ${here}, but ${by} names ${found.path}`;
  const { hint } = ERRORS['other-database'];
  return { ...found, notices: [...found.notices, { severity: 'notice', code: 'other-database', message, hint }] };
}

interface Naming {
  readonly mayClone: boolean;
  /** The action if the folder does not exist. */
  readonly ifAbsent: string;
}

async function atNamed(named: Named, search: WorkspaceSearch, { mayClone, ifAbsent }: Naming): Promise<Found> {
  const { path, written, base, by, origin } = named;
  await requireInside(path, search.boundary ?? null, named);
  if (await holdsDolt(path)) {
    await refuseDataFolder(path, origin);
    return await at(path, await factsOfNamed(path, search));
  }
  const there = await stat(path).catch(() => null);
  if (there !== null) throw await noDatabaseIn(path, origin);
  if (mayClone) {
    return { kind: 'to-clone', path, bd: await requireOnlyDatabase(path, search) };
  }
  const near = (await databaseFrom(search.cwd, named)) ?? (await nearestDatabase(path));
  const meant = near === null ? '' : `Did you mean \`${shown(near, { written, base })}\`? `;
  throw new Failure('no-database', `the folder ${JSON.stringify(written)} in ${by} does not exist (${path})`, {
    hint: `${meant}${ifAbsent}`,
    location: origin,
  });
}

/** The database that a file would name if its paths were relative to the working directory; null: none. */
async function databaseFrom(cwd: string, { written, base, path }: Named): Promise<string | null> {
  const other = resolve(cwd, written);
  return base !== cwd && other !== path && (await isDatabase(other)) ? other : null;
}

/** A suggested path, written in the same style as the user's path. */
function shown(path: string, { written, base }: Pick<Named, 'written' | 'base'>): string {
  return resolve(written) === written ? path : relative(base, path) || '.';
}

async function noDatabaseIn(path: string, at: Location | undefined): Promise<Failure> {
  const inner = await databasesBelow(path);
  const hint =
    basename(path) === '.dolt'
      ? `Use its parent, ${dirname(path)}.`
      : inner.length === 0
        ? 'Give the folder that contains `.dolt`.'
        : `Use one of the databases in it: ${inner.join(', ')}.`;
  return new Failure('no-database', `${path} does not contain a Dolt database`, { hint, location: at });
}

/** A server of bd creates its own database in its data folder, beside those of its users (bd 1.3.0). */
async function refuseDataFolder(path: string, origin: Location | undefined): Promise<void> {
  const isDataFolder = DATA_FOLDERS.some((name) => path.endsWith(join('.beads', name)));
  const inner = isDataFolder ? await databasesBelow(path, 1) : [];
  if (inner.length === 0) return;
  throw new Failure('nested-database', `${path} is the data folder of a server, not a database`, {
    hint: `Use one of the databases in it: ${inner.join(', ')}.`,
    location: origin,
  });
}

/** The server of a named database that is that of the workspace; a notice if the workspace names another one. */
async function factsOfNamed(path: string, search: WorkspaceSearch): Promise<Facts> {
  const notice = (message: string): Facts => ({
    server: null,
    bd: null,
    notices: [{ severity: 'notice', code: 'workspace-unknown', message, hint: '' }],
  });
  try {
    const place = await beadsDatabase(search);
    if (place === null) return NO_FACTS;
    if (place.kind === 'at-server') throw place.failure;
    if (await isSamePath(place.path, path)) return place;
    if (!(await holdsDolt(place.path))) return NO_FACTS;
    return notice(`using ${path} as configured; the database of the beads workspace, ${place.path}, is not used`);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return notice(`using ${path} as configured; the beads workspace is ignored: ${thrown.message}`);
  }
}

/** @returns how bd will use a clone there; null: it will not. @throws Failure if the workspace has another database */
async function requireOnlyDatabase(path: string, search: WorkspaceSearch): Promise<BdUsage | null> {
  const place = await beadsDatabase(search);
  if (place?.kind === 'at-server') throw place.failure;
  if (place === null) return null;
  if (!(await holdsDolt(place.path))) return (await isSamePath(place.path, path)) ? place.bd : null;
  throw new Failure('no-database', `${path} does not exist, but the beads workspace has a database in ${place.path}`, {
    hint: 'To use that database, remove `--database`. A second one beside it is never cloned.',
  });
}

/** Requires the database, and everything that its `.dolt` links to, to be inside the boundary. */
async function requireInside(path: string, boundary: Boundary | null, named?: Named): Promise<void> {
  const led = { by: named?.by ?? path, location: named?.origin };
  await requireWithin(boundary, path, led);
  await requireTreeWithin(boundary, join(path, '.dolt'), led);
}

async function nearest(from: string, ceiling: string | null): Promise<string | null> {
  for (let folder = from; ; folder = dirname(folder)) {
    if (await holdsDolt(folder)) return folder;
    if (folder === ceiling || folder === dirname(folder)) return null;
  }
}

/**
 * An unreadable folder is not treated as a folder without a database: that could pick or clone another database
 * instead.
 */
async function holdsDolt(folder: string): Promise<boolean> {
  try {
    return (await stat(join(folder, '.dolt', 'noms'))).isDirectory();
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw new Failure('no-database', `${join(folder, '.dolt')} cannot be read: ${errorMessage(thrown)}`, {
      hint: 'Check that this user can read the folder, or give another one with `--database`.',
      cause: thrown,
    });
  }
}

/** A suggestion is not worth searching more folders than this. */
const MAX_FOLDERS = 500;
const MAX_DISTANCE = 3;

/**
 * The closest match for a path that does not exist: only the first missing folder has another name, and everything
 * below it exists.
 */
async function nearestDatabase(path: string): Promise<string | null> {
  const parent = await existingParent(path);
  if (parent === null) return null;
  const [missing = '', ...rest] = relative(parent, path).split(sep);
  const near = (await foldersOf(parent))
    .map((name) => ({ name, far: distance(name.toLowerCase(), missing.toLowerCase()) }))
    .filter(({ far }) => far <= Math.min(MAX_DISTANCE, Math.floor(missing.length / 2)))
    .sort((a, b) => a.far - b.far);
  for (const { name } of near) {
    const candidate = join(parent, name, ...rest);
    if (await isDatabase(candidate)) return candidate;
  }
  return null;
}

/** The databases in the sub-folders of a folder, down to the second level. */
export async function databasesBelow(folder: string, levels = 2): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await foldersOf(folder)) {
    const inner = join(folder, name);
    if (await isDatabase(inner)) found.push(inner);
    else if (levels > 1) found.push(...(await databasesBelow(inner, levels - 1)));
  }
  return found;
}

async function existingParent(path: string): Promise<string | null> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const names = await readdir(folder).catch(() => null);
    if (names !== null) return folder;
    if (folder === dirname(folder)) return null;
  }
}

async function foldersOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter((name) => name !== '.dolt' && name !== '.git' && name !== 'node_modules')
    .slice(0, MAX_FOLDERS)
    .sort();
}

/**
 * Databases inside the folder of a database. Our engine serves only the outer one. Another server started there serves
 * them all, and an inner one of the same name replaces the outer one (Dolt 2.3.0, measured; it follows no links).
 */
async function nestedDatabases(database: string): Promise<readonly Diagnostic[]> {
  const entries = await readdir(database, { withFileTypes: true }).catch(() => []);
  const inner: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory() && (await isDatabase(join(database, entry.name)))) inner.push(entry.name);
  }
  if (inner.length === 0) return [];
  const [noun, verb] = inner.length === 1 ? ['another database', 'it is'] : ['other databases', 'they are'];
  const message = `${database} contains ${noun}: ${inner.sort().join(', ')}; ${verb} not part of this run`;
  return [{ severity: 'notice', code: 'nested-database', message, hint: ERRORS['nested-database'].hint }];
}
