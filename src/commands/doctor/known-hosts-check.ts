import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Peer } from '../../config/configuration.ts';
import type { DoctorCheck } from '../../contract/doctor-result.ts';
import { inPrivateFolder } from '../../core/private-folder.ts';
import type { Credential } from '../../credentials/credential.ts';
import { run } from '../../dolt/process.ts';
import { executablesOnPath } from '../../install/search-path.ts';
import type { Context } from '../context.ts';
import { fine, missing, untold } from './check.ts';
import { type SshHost, sshHost, userSshHost } from './ssh-host.ts';

const TIMEOUT_MS = 10_000;
const CURE =
  'Give its key as `known-hosts` in the credentials of the peer, from a machine that knows the host or from its operator.';

/** Whether the key of a peer's ssh host is known: without it the host is never believed. Nobody is asked. */
export async function checkKnownHosts(
  peer: Peer,
  credential: Credential | null,
  context: Context,
): Promise<DoctorCheck> {
  const subject = { check: 'known-hosts', peer: peer.name } as const;
  const host = sshHost(peer.endpoint.dolt);
  const [keygen] = await executablesOnPath(process.platform === 'win32' ? 'ssh-keygen.exe' : 'ssh-keygen', context.env);
  if (host === null || keygen === undefined) return untold(subject, 'it takes ssh-keygen to look it up');
  const asks = (file: string) => isKnown(keygen, file, { host, context });
  if (credential?.secret.kind === 'ssh') {
    if (await withFile(credential.secret.knownHosts, context, asks))
      return fine(subject, `${text(host)} is in the entry`);
    return missing(subject, `${text(host)} is not among the \`known-hosts\` of the entry`, CURE);
  }
  if (!context.userHome) return missing(subject, `nothing says which key ${text(host)} has`, CURE);
  const user = await userSshHost(host, context);
  if (user === null) return untold(subject, 'the settings of ssh cannot be read');
  for (const file of user.files) {
    if (await isKnown(keygen, file, { host: user.host, context }))
      return fine(subject, `${text(user.host)} is in ${file}`);
  }
  return missing(subject, `${text(user.host)} is in none of ${user.files.join(', ')}`, CURE);
}

async function isKnown(
  keygen: string,
  file: string,
  { host, context }: { readonly host: SshHost; readonly context: Context },
): Promise<boolean> {
  const { signal, env } = context;
  const options = { env: { PATH: env['PATH'] ?? '' }, signal, timeoutMs: TIMEOUT_MS };
  // Hosts may be hashed in the file, so only ssh's own tool can look one up.
  const ended = await run(keygen, ['-F', text(host), '-f', file], options);
  return ended.exitCode === 0 && hasUsableKey(ended.stdout);
}

/** A key that is revoked is found as well: `# Host HOST found: line 2 REVOKED` (OpenSSH 9.2). */
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
  return port === 22 ? name : `[${name}]:${port}`;
}
