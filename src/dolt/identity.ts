import { join } from 'node:path';
import { z } from 'zod';
import type { Env } from '../core/env.ts';
import { Failure } from '../core/failure.ts';
import { readSmallText } from '../core/files.ts';
import { throwIfInterrupted } from '../core/interruption.ts';
import { parsedJson } from '../core/json.ts';
import { type FolderPlace, inPrivateFolder } from '../core/private-folder.ts';
import { doltEnvironment, preparePrivateRoot } from './environment.ts';
import { run } from './process.ts';

/** Who makes a commit in the name of the user. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

interface IdentityContext extends FolderPlace {
  readonly env: Env;
  /** The repository of this folder can have git settings of its own. */
  readonly cwd: string;
  /** Whether the home folder is the user's own; otherwise its settings do not count. */
  readonly userHome: boolean;
  readonly signal: AbortSignal;
}

/**
 * The name and email of the user, for commits that are not merges: our engines have private settings and would commit
 * as `root`. Dolt's settings count first, those of the database before those of the user; then git's.
 * @param database its folder; null: it is not on this machine
 * @throws Failure `no-identity`
 */
export async function userIdentity(database: string | null, context: IdentityContext): Promise<Identity> {
  const found = (await identityOfDolt(database, context)) ?? (await identityOfGit(context));
  if (found !== null) return found;
  throw new Failure('no-identity', 'neither Dolt nor git knows the name and email of the user for a commit');
}

const settingsSchema = z.object({ 'user.name': z.string().optional(), 'user.email': z.string().optional() });

/** Dolt looks each setting up on its own: in the database, then in the home folder (2.3.0, measured). */
async function identityOfDolt(
  database: string | null,
  { env, userHome }: Pick<IdentityContext, 'env' | 'userHome'>,
): Promise<Identity | null> {
  const home = userHome ? (env['DOLT_ROOT_PATH'] ?? env['HOME'] ?? env['USERPROFILE']) : undefined;
  const files = [
    ...(database === null ? [] : [join(database, '.dolt', 'config.json')]),
    ...(home === undefined ? [] : [join(home, '.dolt', 'config_global.json')]),
  ];
  const layers = await Promise.all(files.map(settingsIn));
  const value = (key: 'user.name' | 'user.email') => layers.map((layer) => clean(layer[key])).find((one) => one !== '');
  const [name, email] = [value('user.name'), value('user.email')];
  return name === undefined || email === undefined ? null : { name, email };
}

/** A file that is not an object of texts has no identity; the engine refuses such a file of the database itself. */
async function settingsIn(file: string): Promise<z.infer<typeof settingsSchema>> {
  const parsed = settingsSchema.safeParse(parsedJson(await readSmallText(file)));
  return parsed.success ? parsed.data : {};
}

/** Dolt parses `name <email>`, and a commit has one line for it; git removes these characters, too. */
function clean(text: string | undefined): string {
  return (text ?? '').replaceAll(/[<>\p{Cc}]/gu, '').trim();
}

const LIMIT_MS = 10_000;
/** The variables that git reads for this, besides its files. */
const OF_GIT = ['GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL'] as const;

/** The author that git would write. It does not guess from the machine's name. */
async function identityOfGit(context: IdentityContext): Promise<Identity | null> {
  const { env, cwd, userHome, signal } = context;
  const given = [...OF_GIT, ...(userHome ? ['XDG_CONFIG_HOME'] : [])].flatMap((name) => {
    const value = env[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  const running = inPrivateFolder(context, 'who', async (privateDir) => {
    const own = doltEnvironment(env, await preparePrivateRoot(privateDir), { privateDir, userHome });
    const options = { env: { ...own, ...Object.fromEntries(given) }, cwd, signal, timeoutMs: LIMIT_MS };
    return await run('git', ['-c', 'user.useConfigOnly=true', 'var', 'GIT_AUTHOR_IDENT'], options);
  });
  // Without git there are no settings of git.
  const ended = await running.catch(() => null);
  throwIfInterrupted(signal);
  if (ended === null || ended.exitCode !== 0) return null;
  const [, name = '', email = ''] = /^(.*) <(.*)> \d+ [+-]\d{4}$/.exec(ended.stdout.trim()) ?? [];
  return clean(name) === '' || clean(email) === '' ? null : { name: clean(name), email: clean(email) };
}
