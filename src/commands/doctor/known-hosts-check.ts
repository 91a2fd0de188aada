import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Peer } from '../../config/configuration.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { homeFolder } from '../../core/env.ts';
import { Failure } from '../../core/failure.ts';
import { inPrivateFolder } from '../../core/private-folder.ts';
import type { Credential } from '../../credentials/credential.ts';
import { run } from '../../dolt/process.ts';
import { textFailure } from '../../dolt/sql/failure.ts';
import { executablesOnPath } from '../../install/local-dolt.ts';
import type { Context } from '../context.ts';
import { fine, missing, refused, undetermined } from './check.ts';

const TIMEOUT_MS = 10_000;
const SSH_PORT = 22;
const CURE =
  'Get its key from the operator or from a machine that knows the host, and add it as `known-hosts` to the credentials of the peer.';

/** Whether the key of a peer's ssh host is known; ssh refuses an unknown host. Contacts no host. */
export async function checkKnownHosts(
  peer: Peer,
  credential: Credential | null,
  context: Context,
): Promise<DoctorCheck> {
  const subject = { check: 'known-hosts', peer: peer.name } as const;
  const host = sshHost(peer.endpoint.dolt);
  const [keygen] = await executablesOnPath('ssh-keygen', context.env);
  if (host === null || keygen === undefined)
    return undetermined(subject, 'ssh-keygen, which reads known hosts, is not installed');
  try {
    const asks = (file: string) => isKnown(keygen, file, { host, context });
    if (credential?.secret.kind === 'ssh') {
      if (await withFile(credential.secret.knownHosts, context, asks))
        return fine(subject, `${text(host)} is in \`known-hosts\` of the credentials`);
      return missing(subject, `${text(host)} is not in \`known-hosts\` of the credentials`, CURE);
    }
    if (!context.userHome) return missing(subject, `no known key for ${text(host)}`, CURE);
    const user = await userSshHost(host, context);
    if (user === null) return undetermined(subject, 'the ssh settings cannot be read');
    for (const file of user.files.filter((one) => existsSync(one))) {
      if (await isKnown(keygen, file, { host: user.host, context }))
        return fine(subject, `${text(user.host)} is in ${file}`);
    }
    return missing(subject, `${text(user.host)} is not in ${user.files.join(', ')}`, CURE);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code !== 'ssh-unusable' && thrown.code !== 'interrupted')
      return undetermined(subject, `the known hosts cannot be read: ${thrown.message}`);
    return refused(subject, thrown);
  }
}

/** The exit code of ssh-keygen for a host that the file does not have. Every other one but 0 is a failure. */
const NOT_FOUND = 1;

/** @throws Failure with the class of the output of ssh-keygen if it does not work */
async function isKnown(
  keygen: string,
  file: string,
  { host, context }: { readonly host: SshHost; readonly context: Context },
): Promise<boolean> {
  const { signal, env } = context;
  const options = { env: { PATH: env['PATH'] ?? '' }, signal, timeoutMs: TIMEOUT_MS };
  // Hosts may be hashed in the file; only ssh-keygen can find one.
  const ended = await run(keygen, ['-F', text(host), '-f', file], options);
  if (ended.exitCode !== 0 && ended.exitCode !== NOT_FOUND) throw textFailure(ended.stderr.trim());
  return ended.exitCode === 0 && hasUsableKey(ended.stdout);
}

/** ssh-keygen also finds a revoked key: `# Host HOST found: line 2 REVOKED` (OpenSSH 9.2). */
function hasUsableKey(found: string): boolean {
  return found
    .split('\n')
    .some((line) => /^# Host .* found: line \d+/.test(line) && !line.trimEnd().endsWith('REVOKED'));
}

async function withFile<T>(content: string, context: Context, work: (file: string) => Promise<T>): Promise<T> {
  return await inPrivateFolder(context, 'hosts', async (folder) => {
    const file = join(folder, 'known_hosts');
    await writeFile(file, content, { mode: 0o600 });
    return await work(file);
  });
}

/** As known_hosts files write it. */
function text({ name, port }: SshHost): string {
  return port === SSH_PORT ? name : `[${name}]:${port}`;
}

interface SshHost {
  readonly name: string;
  readonly port: number;
}

const SSH_TIMEOUT_MS = 10_000;

/** Host and port of an ssh URL as Dolt gets it; null for other URLs. */
export function sshHost(url: string): SshHost | null {
  const [, name, port] = /^(?:git\+)?ssh:\/\/(?:[^@/]*@)?([^:/]+)(?::(\d+))?\//.exec(url) ?? [];
  return name === undefined ? null : { name, port: port === undefined ? SSH_PORT : Number(port) };
}

/**
 * How the user's ssh resolves a host, which may be an alias, and the files with its key. Contacts no host.
 * @returns null if ssh does not report it
 * @throws Failure with the class of the output of ssh if it does not work
 */
async function userSshHost(
  host: SshHost,
  { env, signal }: Context,
): Promise<{ readonly host: SshHost; readonly files: readonly string[] } | null> {
  const args = ['-G', '-p', String(host.port), host.name];
  const options = { env: { PATH: env['PATH'] ?? '' }, signal, timeoutMs: SSH_TIMEOUT_MS };
  const ended = await run('ssh', args, options).catch(() => null);
  if (ended !== null && ended.exitCode !== 0) throw textFailure(ended.stderr.trim());
  return ended === null ? null : parseSshSettings(ended.stdout, homeFolder());
}

/**
 * The output of `ssh -G`, one setting a line (OpenSSH 9.2).
 * @param home null: the user has none, so its files are left out
 */
export function parseSshSettings(
  printed: string,
  home: string | null,
): { readonly host: SshHost; readonly files: readonly string[] } | null {
  const settings = new Map(printed.split('\n').map((line) => [line.split(' ')[0] ?? '', line.split(' ').slice(1)]));
  const alias = settings.get('hostkeyalias')?.[0];
  const name = alias ?? settings.get('hostname')?.[0];
  // ssh looks up an alias without a port (OpenSSH 9.2).
  const port = alias === undefined ? Number(settings.get('port')?.[0]) : SSH_PORT;
  if (name === undefined || !Number.isInteger(port)) return null;
  const files = [...(settings.get('userknownhostsfile') ?? []), ...(settings.get('globalknownhostsfile') ?? [])];
  const absolute = files.flatMap((file) => {
    if (!file.startsWith('~/')) return [file];
    return home === null ? [] : [join(home, file.slice(2))];
  });
  return { host: { name, port }, files: absolute.filter((file) => file !== '/dev/null') };
}
