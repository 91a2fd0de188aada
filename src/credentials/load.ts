import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readConfigText } from '../config/find-config.ts';
import type { Env } from '../core/env.ts';
import { forgetEnv } from '../core/env.ts';
import { Failure, systemCode } from '../core/failure.ts';
import type { Secrets } from '../core/secrets.ts';
import type { Credentials } from './credential.ts';
import { type CredentialsSource, parseCredentials, parseCredentialsOf, type SomeCredentials } from './parse.ts';
import { secretTexts } from './secret-texts.ts';

const VARIABLE = 'DOLT_FEDERATION_CREDENTIALS';

/** The credentials of the frontend: the text itself, or the path of a file with it. */
export type GivenCredentials = { readonly text: string } | { readonly file: string };

interface CredentialsContext {
  readonly env: Env;
  /** Folder that the file's path is relative to. */
  readonly cwd: string;
  readonly secrets: Secrets;
}

/**
 * The credentials of a run, from the frontend, else from DOLT_FEDERATION_CREDENTIALS. Every secret is added to
 * `secrets` before it can be used, and the variable is removed, so that no child inherits it.
 * @throws Failure `config-unreadable` if a file is missing or readable by others, and as `parseCredentials`
 */
export async function loadCredentials(
  given: GivenCredentials | undefined,
  context: CredentialsContext,
): Promise<Credentials> {
  const source = await readSource(given, context);
  if (source === null) return new Map();
  const { env, secrets } = context;
  const credentials = parseCredentials(source, env);
  for (const secret of secretTexts(credentials)) secrets.add(secret);
  return credentials;
}

/**
 * The same for some peers only. No other entry is read.
 * @throws Failure as `parseCredentialsOf`, and `config-unreadable`
 */
export async function loadCredentialsOf(
  peers: ReadonlySet<string>,
  given: GivenCredentials | undefined,
  context: CredentialsContext,
): Promise<SomeCredentials> {
  const source = await readSource(given, context);
  if (source === null) return { credentials: new Map(), unreadable: new Set() };
  const { env, secrets } = context;
  const some = parseCredentialsOf(peers, source, env);
  for (const secret of secretTexts(some.credentials)) secrets.add(secret);
  return some;
}

async function readSource(
  given: GivenCredentials | undefined,
  { env, cwd }: CredentialsContext,
): Promise<CredentialsSource | null> {
  const source = given === undefined ? fromVariable(env) : await fromFrontend(given, cwd);
  forgetEnv([VARIABLE]);
  return source;
}

function fromVariable(env: Env): CredentialsSource | null {
  const text = env[VARIABLE];
  return text === undefined ? null : { text, name: VARIABLE };
}

async function fromFrontend(given: GivenCredentials, cwd: string): Promise<CredentialsSource> {
  if ('text' in given) return { text: given.text, name: 'input credentials' };
  const file = resolve(cwd, given.file);
  refuseOpenFile(file, await statOf(file));
  return { text: await readConfigText(file), name: file };
}

/** A path that is no file may be the credentials themselves: neither the error nor its cause repeats it. */
async function statOf(file: string): Promise<Stats> {
  try {
    return await stat(file);
  } catch (thrown) {
    const why = systemCode(thrown) ?? 'it is not a path';
    throw new Failure('config-unreadable', `the file of \`--credentials\` cannot be read: ${why}`, {
      hint: `Correct the path. The flag names a file; give the text itself in ${VARIABLE}.`,
    });
  }
}

/** Windows has no such permissions. */
function refuseOpenFile(file: string, found: Stats): void {
  const refused = (message: string, hint: string): Failure =>
    new Failure('config-unreadable', message, { hint, location: { file } });
  if (found.isDirectory()) {
    throw refused('the path of `--credentials` is a folder, not a file', 'Name the file with the credentials in it.');
  }
  // Reading refuses a device; changing its mode would break other programs.
  if (process.platform === 'win32' || !found.isFile() || (found.mode & 0o077) === 0) return;
  throw refused(
    `other users can read the credentials (mode ${modeText(found.mode)})`,
    `${modeHint(found.uid, process.getuid?.())} If other users may have read it, rotate the secrets.`,
  );
}

/** Only its owner and root can change the mode of a file. */
export function modeHint(owner: number, user: number | undefined): string {
  if (user === undefined || user === 0 || user === owner) return 'Run `chmod 600` on the file.';
  return `The file belongs to another user (${owner}), so this user cannot change its mode. Copy it to a file of this user with the mode 0600, or give the text in ${VARIABLE}.`;
}

function modeText(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}
